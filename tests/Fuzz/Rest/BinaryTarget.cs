using System.Globalization;
using System.Text;
using Bedplate.Inference.Models;
using Bedplate.Tests.Fuzz.Engine;

namespace Bedplate.Tests.Fuzz.Rest;

/// <summary>
/// Inference requests by the binary tensor data extension. An input of this target is a byte that chooses the model and
/// whether the length is known, the header's text up to a line feed (in it '*' stands for the length of the JSON, so
/// that changes of the JSON do not make it a lie), the JSON up to a record separator, and what comes behind.
/// </summary>
internal sealed class BinaryTarget : InferTarget
{
    private const byte Separator = 0x1e;

    private readonly ServedModel[] _models;

    /// <summary>A target, with a bug or without.</summary>
    public BinaryTarget(SeededBug<InferBodyCase, InferOutcome>? bug = null)
        : base(bug) => _models = [Load(InferModels.Binary), .. InferModels.Raw.Select(Load)];

    /// <inheritdoc/>
    public override string Name => "binary";

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        Input(0, "*", """{"inputs":[{"name":"f","shape":[2],"datatype":"FP32","parameters":{"binary_data_size":8}}],"parameters":{"binary_data_output":true}}""", [0, 0, 128, 63, 0, 0, 0, 64]),
        Input(0, "*", """{"inputs":[{"name":"s","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":9}},{"name":"f","shape":[1],"datatype":"FP32","data":[1]},{"name":"i8","shape":[2],"datatype":"INT8","parameters":{"binary_data_size":2}}],"outputs":[{"name":"s"}]}""", [1, 0, 0, 0, 97, 0, 0, 0, 0, 7, 8]),
        Input(1, "0", "", [0, 0, 128, 63]),
        Input(4, "0", "", "a text"u8.ToArray()),
        Input(0, "", """{"inputs":[{"name":"f","shape":[1],"datatype":"FP32","data":[1]}],"outputs":[{"name":"f"}]}""", []),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Tokens { get; } =
    [
        .. new[]
        {
            "\n", "\u001e", "*", "0", "-1", "+", "*+1\n", "*-1\n", "9223372036854775808", "\"parameters\":{\"binary_data_size\":4},", "\"binary_data_size\":0,", "\"binary_data_size\":18446744073709551615",
            "\"data\":[1],", "\"shape\":[0],", "\"shape\":[2],", "\"datatype\":\"BYTES\",", "\"datatype\":\"FP16\",", "\"name\":\"h\",", "\"outputs\":[{\"name\":\"f\"}],", "\"binary_data_output\":true,",
        }.Select(Encoding.UTF8.GetBytes),
        [0, 0, 0, 0], [1, 0, 0, 0], [4, 0, 0, 0, 1, 2, 3, 4], [255, 255, 255, 255], [251, 255, 255, 255], [0, 0, 0, 128],
    ];

    /// <inheritdoc/>
    public override byte[] Create(Random random)
    {
        if (random.Next(4) == 0)
        {
            var body = new byte[random.Next(2) == 0 ? random.Next(40) : 16];
            random.NextBytes(body);
            return Input((byte)random.Next(256), random.Next(12) == 0 ? "-0" : "0", "", body);
        }

        var (json, tensors) = InferJsonGenerator.NextWithTensors(random);
        var header = random.Next(36) switch
        {
            0 => "",
            1 => "*+1",
            2 => "*-1",
            3 => "-1",
            4 => " *",
            5 => "*.0",
            6 => "-*",
            _ => "*",
        };
        if (random.Next(20) == 0)
        {
            tensors = tensors[..random.Next(tensors.Length + 1)];
        }
        else if (random.Next(20) == 0)
        {
            tensors = [.. tensors, (byte)random.Next(256)];
        }

        return Input((byte)(random.Next(2) * 128), header, Encoding.UTF8.GetString(json), tensors);
    }

    /// <inheritdoc/>
    public override FuzzVerdict Check(byte[] input)
    {
        var (choice, given) = Read(input);
        return Check(_models[choice], given, DeliveryOf(input, attempt: 0));
    }

    private static byte[] Input(byte choice, string header, string json, byte[] tensors) =>
        [choice, .. Encoding.UTF8.GetBytes(header), (byte)'\n', .. Encoding.UTF8.GetBytes(json), Separator, .. tensors];

    private (int Choice, InferBodyCase Given) Read(byte[] input)
    {
        var choice = input.Length == 0 ? 0 : input[0];
        var rest = input.AsSpan(Math.Min(1, input.Length));
        var line = rest.IndexOf((byte)'\n');
        var header = Encoding.Latin1.GetString(rest[..Math.Max(0, line)]);
        rest = rest[(line + 1)..];
        var separator = rest.IndexOf(Separator);
        var jsonLength = separator < 0 ? rest.Length : separator;
        byte[] body = separator < 0 ? rest.ToArray() : [.. rest[..separator], .. rest[(separator + 1)..]];
        return ((choice & 0x7f) % _models.Length, new InferBodyCase(HeaderOf(header, jsonLength), body, choice < 0x80));
    }

    // "*+1" and "*-1" are lies of one byte.
    private static string? HeaderOf(string text, int jsonLength)
    {
        var header = text
            .Replace("*+1", $"{jsonLength + 1}", StringComparison.Ordinal)
            .Replace("*-1", $"{jsonLength - 1}", StringComparison.Ordinal)
            .Replace("*", jsonLength.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

        // What HTTP itself does not let through is no matter of this parser.
        return header.Length == 0 ? null : string.Concat(header.Where(character => character is >= ' ' and < '\x7f'));
    }
}
