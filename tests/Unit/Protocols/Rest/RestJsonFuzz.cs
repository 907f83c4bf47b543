using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Bedplate.Inference.Models;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Engine;

namespace Bedplate.Tests.Unit.Protocols.Rest;

/// <summary>
/// Throws random request texts, right, nearly right and damaged, at the parser of inference requests, and has a second
/// opinion on each: <see cref="RestJsonOracle"/>, which goes by way of a document tree. What one takes and the other
/// refuses, or what they read differently, is a bug in one of them.
/// </summary>
/// <remarks>
/// A longer run: <c>BEDPLATE_FUZZ_SECONDS=60 BEDPLATE_FUZZ_SEED=7 Bedplate.Tests.Unit -class *.RestJsonFuzz</c>.
/// </remarks>
public class RestJsonFuzz
{
    private static readonly TensorSpec[] Inputs =
    [
        new("f", DataType.Float32, new TensorShape(-1)),
        new("d", DataType.Float64, new TensorShape(-1, 2), isOptional: true),
        new("i8", DataType.Int8, new TensorShape(2), isOptional: true),
        new("i64", DataType.Int64, new TensorShape(-1), isOptional: true),
        new("u64", DataType.UInt64, new TensorShape(-1), isOptional: true),
        new("b", DataType.Bool, new TensorShape(-1), isOptional: true),
        new("s", DataType.Bytes, new TensorShape(-1), isOptional: true),
    ];

    /// <summary>Ways in which a parser could be wrong, laid over the real one.</summary>
    public static TheoryData<string> Bugs => ["trailing comma", "rounds twice", "loses the sign of zero", "confuses escapes", "takes leading zeros", "first of two keys wins"];

    [Fact]
    public async Task The_parser_and_the_oracle_agree()
    {
        var seconds = double.Parse(Environment.GetEnvironmentVariable("BEDPLATE_FUZZ_SECONDS") ?? "2", CultureInfo.InvariantCulture);
        var seed = int.Parse(Environment.GetEnvironmentVariable("BEDPLATE_FUZZ_SEED") ?? "20261122", CultureInfo.InvariantCulture);
        await using var test = new TestEngine();
        var model = await LoadAsync(test);
        var since = Stopwatch.StartNew();
        var accepted = 0;
        var iterations = 0;
        for (; since.Elapsed.TotalSeconds < seconds; iterations++)
        {
            var text = RestJsonGenerator.Next(seed, iterations);
            var expected = RestJsonOracle.Read(model.Signature, text);
            accepted += expected.IsAccepted ? 1 : 0;
            var disagreement = expected.DifferenceFrom(Parse(model, text));
            Assert.True(disagreement is null, $"seed {seed}, iteration {iterations}: {disagreement}\n{Encoding.UTF8.GetString(text)}");
        }

        // A run in which everything is refused, or nothing is, tests nothing.
        Assert.InRange(accepted, iterations / 20, iterations - (iterations / 20));
        TestContext.Current.SendDiagnosticMessage($"{iterations} texts, {accepted} of them requests");
    }

    [Theory]
    [MemberData(nameof(Bugs))]
    public async Task A_seeded_bug_is_found(string bug)
    {
        await using var test = new TestEngine();
        var model = await LoadAsync(test);
        for (var iteration = 0; iteration < 40_000; iteration++)
        {
            var text = RestJsonGenerator.Next(seed: 1, iteration);
            if (RestJsonOracle.Read(model.Signature, text).DifferenceFrom(ParseWith(bug, model, text)) is not null)
            {
                return;
            }
        }

        Assert.Fail("The fuzzer does not see this bug.");
    }

    private static Task<ServedModel> LoadAsync(TestEngine test) => test.LoadAsync(TestModels.IdentityOf("fuzz", Inputs));

    private static RestJsonOutcome Parse(ServedModel model, byte[] text)
    {
        using var parsed = ParsedRequest.Read(model, text);
        if (!parsed.IsAccepted)
        {
            Assert.True(parsed.Failure.Http is 400 or 501 && parsed.Failure.Message.Length > 0, parsed.Failure.ToString());
            return RestJsonOutcome.Refused;
        }

        var request = parsed.Exchange.Request;
        var outcome = new RestJsonOutcome(true)
        {
            Id = Encoding.UTF8.GetString(parsed.Exchange.RawId),
            Priority = request.Priority,
            QueueTimeout = request.QueueTimeout,
            Parameters = request.Parameters is null ? [] : new(request.Parameters),
        };
        for (var i = 0; i < Inputs.Length; i++)
        {
            if (request.Inputs[i].IsPresent)
            {
                outcome.Inputs[i] = (request.Inputs[i].Shape, request.Inputs[i].Bytes.ToArray());
            }
        }

        foreach (var input in parsed.Exchange.BinaryInputs)
        {
            outcome.Inputs[input.Index] = (input.Shape, []);
        }

        foreach (var output in parsed.Exchange.Outputs)
        {
            outcome.Outputs.Add($"{output.Index} {output.Form}");
        }

        return outcome;
    }

    private static RestJsonOutcome ParseWith(string bug, ServedModel model, byte[] text)
    {
        var json = Encoding.Latin1.GetString(text);
        switch (bug)
        {
            case "trailing comma":
                return Parse(model, Encoding.Latin1.GetBytes(json.Replace(",]", "]", StringComparison.Ordinal)));
            case "confuses escapes":
                return Parse(model, Encoding.Latin1.GetBytes(json.Replace("\\f", "\\t", StringComparison.Ordinal)));
            case "takes leading zeros":
                return Parse(model, Encoding.Latin1.GetBytes(json.Replace("[00", "[0", StringComparison.Ordinal)));
            case "first of two keys wins":
                return Parse(model, Encoding.Latin1.GetBytes(json.Replace("\"id\":\"\",\"id\"", "\"other\":\"\",\"id\"", StringComparison.Ordinal)));
        }

        var outcome = Parse(model, text);
        if (outcome.Inputs.TryGetValue(0, out var input))
        {
            var numbers = MemoryMarshal.Cast<byte, float>(input.Data.AsSpan());
            var written = RestJsonOracle.NumbersOf(text, "f");
            for (var i = 0; i < numbers.Length; i++)
            {
                if (bug == "loses the sign of zero")
                {
                    numbers[i] = numbers[i] == 0 ? 0 : numbers[i];
                }
                else if (i < written.Count && written[i][0] != '"')
                {
                    numbers[i] = (float)double.Parse(written[i], CultureInfo.InvariantCulture);
                }
            }
        }

        return outcome;
    }
}
