using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using Bug = Bedplate.Tests.Fuzz.Engine.SeededBug<Bedplate.Tests.Fuzz.Rest.InferBodyCase, Bedplate.Tests.Fuzz.InferOutcome>;

namespace Bedplate.Tests.Fuzz.Rest;

/// <summary>Ways in which the parsers of requests over HTTP could be wrong.</summary>
internal static partial class InferBugs
{
    /// <summary>Of the JSON.</summary>
    public static Bug[] Json { get; } =
    [
        Bug.OfInput("takes a trailing comma", OnText(text => text.Replace(",]", "]", StringComparison.Ordinal))),
        Bug.OfInput("takes \\f for \\t", OnText(text => text.Replace("\\f", "\\t", StringComparison.Ordinal))),
        Bug.OfInput("takes leading zeros", OnText(text => text.Replace("[00", "[0", StringComparison.Ordinal))),
        Bug.OfInput("takes a key twice", OnText(text => text.Replace("\"id\":\"\",\"id\"", "\"other\":\"\",\"id\"", StringComparison.Ordinal))),
        Bug.OfOutcome("loses the sign of zero", outcome => OnNumbers(outcome, number => number == 0 ? 0 : number)),
        new("rounds twice", RoundTwice),
        Bug.OfInput("goes less deep than it says", OnText(text => text.Replace("[[[[[", "[[[[[[", StringComparison.Ordinal).Replace("]]]]]", "]]]]]]", StringComparison.Ordinal))),
    ];

    /// <summary>Of the binary extension.</summary>
    public static Bug[] Binary { get; } =
    [
        Bug.OfInput("loses the sign of the header's length", given => given with { HeaderLength = given.HeaderLength?.Replace("-", "", StringComparison.Ordinal) }),
        new("leaves bytes that are too many", LeaveTheRest),
        new("fills up what is missing", FillUp),
        new("reads lengths of strings as signed", ReadSignedLengths),
        Bug.OfOutcome("mixes up the bytes of doubles", SwapDoubles),
    ];

    private static Func<InferBodyCase, InferBodyCase> OnText(Func<string, string> change) =>
        given => given with { Body = Encoding.Latin1.GetBytes(change(Encoding.Latin1.GetString(given.Body))) };

    private static InferOutcome OnNumbers(InferOutcome outcome, Func<float, float> change)
    {
        if (outcome.Inputs.TryGetValue(0, out var input))
        {
            foreach (ref var number in MemoryMarshal.Cast<byte, float>(input.Data.AsSpan()))
            {
                number = change(number);
            }
        }

        return outcome;
    }

    // By way of a double, as a parser does that has only one method for numbers.
    private static InferOutcome RoundTwice(InferBodyCase given, Func<InferBodyCase, InferOutcome> parse)
    {
        var outcome = parse(given);
        var written = InferOracle.NumbersOf(given.Body, "f");
        var next = 0;
        return OnNumbers(outcome, number =>
        {
            var text = next < written.Count ? written[next] : "\"";
            next++;
            return text[0] == '"' ? number : (float)double.Parse(text, CultureInfo.InvariantCulture);
        });
    }

    private static InferOutcome LeaveTheRest(InferBodyCase given, Func<InferBodyCase, InferOutcome> parse)
    {
        var outcome = parse(given);
        for (var length = given.Body.Length - 1; length > 0 && outcome.Message.StartsWith("unexpected additional", StringComparison.Ordinal); length--)
        {
            outcome = parse(given with { Body = given.Body[..length] });
        }

        return outcome;
    }

    private static InferOutcome FillUp(InferBodyCase given, Func<InferBodyCase, InferOutcome> parse)
    {
        var outcome = parse(given);
        return Missing().Match(outcome.Message) is { Success: true } match
            ? parse(given with { Body = [.. given.Body, .. new byte[int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)]] })
            : outcome;
    }

    // A length below zero is none, and reading goes on behind it.
    private static InferOutcome ReadSignedLengths(InferBodyCase given, Func<InferBodyCase, InferOutcome> parse)
    {
        var body = given.Body.ToArray();
        for (int at; (at = body.AsSpan().IndexOf<byte>([255, 255, 255, 255])) >= 0;)
        {
            body.AsSpan(at, 4).Clear();
        }

        return parse(given with { Body = body });
    }

    private static InferOutcome SwapDoubles(InferOutcome outcome)
    {
        if (outcome.Inputs.TryGetValue(1, out var input))
        {
            for (var at = 0; at < input.Data.Length; at += sizeof(double))
            {
                input.Data.AsSpan(at, sizeof(double)).Reverse();
            }
        }

        return outcome;
    }

    [GeneratedRegex(@"expecting (\d{1,4}) additional bytes")]
    private static partial Regex Missing();
}
