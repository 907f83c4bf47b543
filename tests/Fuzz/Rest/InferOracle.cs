using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Tests.Fuzz.Rest;

/// <summary>
/// Reads a request by way of the framework's document tree, slowly and straight from the rules in
/// docs/reference/rest.md. Shares nothing with the parser it is held against.
/// </summary>
internal static class InferOracle
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 100 };

    /// <summary>What a request for a model comes to.</summary>
    public static InferOutcome Read(ServedModel model, InferBodyCase given)
    {
        try
        {
            var (json, tensors) = Split(given);
            return json is null ? ReadRaw(model, given.Body) : ReadText(model.Signature, json, tensors);
        }
        catch (RefusedException)
        {
            return InferOutcome.Refused;
        }
    }

    private static InferOutcome ReadText(ModelSignature signature, byte[] text, byte[] tensors)
    {
        Require(Utf8.IsValid(text));
        try
        {
            using var document = JsonDocument.Parse(text, Options);
            RequireText(document.RootElement);
            using var behind = new BinaryReader(new MemoryStream(tensors));
            return Read(signature, document.RootElement, behind);
        }
        catch (JsonException)
        {
            return InferOutcome.Refused;
        }
    }

    // The JSON and what is behind it; no JSON for a raw input.
    private static (byte[]? Json, byte[] Tensors) Split(InferBodyCase given)
    {
        if (given.HeaderLength is not { } text)
        {
            return (given.Body, []);
        }

        Require(Regex.IsMatch(text, @"^[+-]?[0-9]+\z") && text.TrimStart('+', '-', '0').Length < 18);
        var length = long.Parse(text, CultureInfo.InvariantCulture);
        Require(length >= 0 && length <= given.Body.Length);
        return length == 0 ? (null, []) : (given.Body[..(int)length], given.Body[(int)length..]);
    }

    // docs/protocol/extension_binary_data.md of Triton, raw binary request; no model here batches.
    private static InferOutcome ReadRaw(ServedModel model, byte[] body)
    {
        Require(model.Signature.Inputs.Length == 1);
        var input = model.Signature.Inputs[0];
        var dimensions = input.Shape.Span.ToArray();
        Require(dimensions.Count(dimension => dimension < 0) <= 1);
        var outcome = new InferOutcome(true);
        outcome.Outputs.AddRange(model.Signature.Outputs.Select((_, index) => $"{index} Binary"));
        if (input.Type == DataType.Bytes)
        {
            Require(dimensions.All(dimension => dimension == 1));
            outcome.Inputs[0] = (input.Shape, [.. BitConverter.GetBytes(body.Length), .. body]);
            return outcome;
        }

        var row = dimensions.Where(dimension => dimension >= 0).Aggregate(1L, (product, dimension) => product * dimension) * input.Type.ByteSize();
        Require(body.Length % row == 0);
        Require(dimensions.Contains(-1) || body.Length == row);
        outcome.Inputs[0] = (new TensorShape([.. dimensions.Select(dimension => dimension < 0 ? body.Length / row : dimension)]), body);
        return outcome;
    }

    /// <summary>The elements of an input's flat data as they stand in the text; empty where it has none.</summary>
    public static List<string> NumbersOf(byte[] text, string input)
    {
        try
        {
            using var document = JsonDocument.Parse(text, Options);
            var data = document.RootElement.GetProperty("inputs").EnumerateArray().First(each => each.GetProperty("name").GetString() == input).GetProperty("data");
            return [.. Flatten(data).Select(element => element.GetRawText())];
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return [];
        }
    }

    private static InferOutcome Read(ModelSignature signature, JsonElement root, BinaryReader behind)
    {
        var keys = Members(root, "id", "parameters", "inputs", "outputs");
        var binaryByDefault = false;
        ulong priority = 0;
        var timeout = TimeSpan.Zero;
        Dictionary<string, ParameterValue> users = [];
        if (keys.TryGetValue("parameters", out var parameters))
        {
            ReadParameters(parameters, ref priority, ref timeout, ref binaryByDefault, users);
        }

        var outcome = new InferOutcome(true)
        {
            Id = keys.TryGetValue("id", out var id) ? Raw(Of(id, JsonValueKind.String)) : "",
            Priority = priority,
            QueueTimeout = timeout,
            Parameters = users,
        };
        Require(keys.ContainsKey("inputs"));
        foreach (var input in Of(keys["inputs"], JsonValueKind.Array).EnumerateArray())
        {
            ReadInput(signature, input, outcome, behind);
        }

        Require(behind.BaseStream.Position == behind.BaseStream.Length);
        Require(signature.Inputs.Select((spec, index) => spec.IsOptional || outcome.Inputs.ContainsKey(index)).All(given => given));
        ReadOutputs(signature, keys.TryGetValue("outputs", out var outputs) ? outputs : null, binaryByDefault, outcome);
        return outcome;
    }

    private static void ReadParameters(
        JsonElement parameters, ref ulong priority, ref TimeSpan timeout, ref bool binaryByDefault, Dictionary<string, ParameterValue> users)
    {
        string[] reserved = ["sequence_id", "sequence_start", "sequence_end", "priority", "timeout", "binary_data_output"];
        foreach (var (name, value) in Members(parameters, reserved))
        {
            switch (name)
            {
                case "priority":
                    priority = Unsigned(value);
                    break;
                case "timeout":
                    var microseconds = Unsigned(value);
                    timeout = new BigInteger(microseconds) * 10 > TimeSpan.MaxValue.Ticks ? TimeSpan.Zero : new TimeSpan((long)microseconds * 10);
                    break;
                case "binary_data_output":
                    binaryByDefault = Boolean(value);
                    break;
                case "sequence_start" or "sequence_end":
                    Require(!Boolean(value));
                    break;
                default:
                    Require(value.ValueKind == JsonValueKind.String ? value.GetString() == "" : Unsigned(value) == 0);
                    break;
            }
        }

        foreach (var member in parameters.EnumerateObject().Where(member => !reserved.Contains(member.Name)))
        {
            Require(!member.Name.StartsWith("triton_", StringComparison.Ordinal));
            Require(users.TryAdd(member.Name, UserValue(member.Value)));
        }

        Require(users.Count <= 256);
    }

    private static ParameterValue UserValue(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                return new ParameterValue(value.GetString()!);
            case JsonValueKind.True or JsonValueKind.False:
                return new ParameterValue(value.GetBoolean());
            case JsonValueKind.Number:
                var text = value.GetRawText();
                if (IsWhole(text) && BigInteger.Parse(text, CultureInfo.InvariantCulture) is var whole && whole >= long.MinValue && whole <= long.MaxValue)
                {
                    return new ParameterValue((long)whole);
                }

                var real = double.Parse(text, CultureInfo.InvariantCulture);
                Require(double.IsFinite(real));
                return new ParameterValue(real);
            default:
                throw new RefusedException();
        }
    }

    private static void ReadInput(ModelSignature signature, JsonElement input, InferOutcome outcome, BinaryReader behind)
    {
        var keys = Members(input, "name", "shape", "datatype", "parameters", "data");
        Require(keys.ContainsKey("name") && keys.ContainsKey("shape") && keys.ContainsKey("datatype"));
        var index = signature.IndexOfInput(Of(keys["name"], JsonValueKind.String).GetString()!);
        Require(index >= 0);
        var spec = signature.Inputs[index];
        Require(Of(keys["datatype"], JsonValueKind.String).GetString() == spec.Type.WireName());
        var dimensions = Of(keys["shape"], JsonValueKind.Array).EnumerateArray().Select(Unsigned).ToList();
        Require(dimensions.Count <= 8 && dimensions.All(dimension => dimension <= long.MaxValue));
        var shape = new TensorShape([.. dimensions.Select(dimension => (long)dimension)]);
        Require(spec.Accepts(shape));
        var count = dimensions.Aggregate(BigInteger.One, (product, dimension) => product * dimension);
        Require(dimensions.Where(dimension => dimension != 0).Aggregate(BigInteger.One, (product, dimension) => product * dimension) <= long.MaxValue);

        JsonElement size = default;
        var isBinary = keys.TryGetValue("parameters", out var parameters)
            && Members(parameters, "binary_data_size").TryGetValue("binary_data_size", out size);
        Require(!keys.ContainsKey("parameters") || parameters.EnumerateObject().All(member => !member.Name.StartsWith("shared_memory_", StringComparison.Ordinal)));
        Require(keys.TryGetValue("data", out var data) != isBinary);
        var bytes = isBinary ? ReadBinary(spec.Type, Unsigned(size), behind, count) : ReadData(spec.Type, Of(data, JsonValueKind.Array), count);
        Require(outcome.Inputs.TryAdd(index, (shape, bytes)));
    }

    private static byte[] ReadBinary(DataType type, ulong byteLength, BinaryReader behind, BigInteger count)
    {
        Require(byteLength <= (ulong)(behind.BaseStream.Length - behind.BaseStream.Position));
        var bytes = behind.ReadBytes((int)byteLength);
        if (type != DataType.Bytes)
        {
            Require(count * type.ByteSize() == bytes.Length);
            return bytes;
        }

        var elements = 0;
        for (var at = 0L; at < bytes.Length; elements++)
        {
            Require(at + 4 <= bytes.Length);
            at += 4 + (long)BitConverter.ToUInt32(bytes, (int)at);
            Require(at <= bytes.Length);
        }

        Require(elements == count);
        return bytes;
    }

    private static byte[] ReadData(DataType type, JsonElement data, BigInteger count)
    {
        Require(type != DataType.Float16);
        var elements = Flatten(data);
        Require(elements.Count == count);
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        foreach (var element in elements)
        {
            switch (type)
            {
                case DataType.Bool:
                    writer.Write(Boolean(element));
                    break;
                case DataType.Bytes:
                    var text = Encoding.UTF8.GetBytes(Of(element, JsonValueKind.String).GetString()!);
                    writer.Write(text.Length);
                    writer.Write(text);
                    break;
                case DataType.Float32:
                    writer.Write(element.ValueKind == JsonValueKind.String ? (float)Special(element) : Finite(float.Parse(Number(element), CultureInfo.InvariantCulture)));
                    break;
                case DataType.Float64:
                    writer.Write(element.ValueKind == JsonValueKind.String ? Special(element) : Finite(double.Parse(Number(element), CultureInfo.InvariantCulture)));
                    break;
                case DataType.Int8:
                    writer.Write((sbyte)Whole(element, sbyte.MinValue, sbyte.MaxValue));
                    break;
                case DataType.Int64:
                    writer.Write((long)Whole(element, long.MinValue, long.MaxValue));
                    break;
                default:
                    writer.Write((ulong)Whole(element, 0, ulong.MaxValue));
                    break;
            }
        }

        return bytes.ToArray();
    }

    private static void ReadOutputs(ModelSignature signature, JsonElement? outputs, bool binaryByDefault, InferOutcome outcome)
    {
        List<int> seen = [];
        foreach (var output in outputs is { } given ? Of(given, JsonValueKind.Array).EnumerateArray().ToList() : [])
        {
            var keys = Members(output, "name", "parameters");
            Require(keys.ContainsKey("name"));
            var index = signature.IndexOfOutput(Of(keys["name"], JsonValueKind.String).GetString()!);
            Require(index >= 0);
            var isBinary = binaryByDefault;
            var classes = 0UL;
            if (keys.TryGetValue("parameters", out var parameters))
            {
                var known = Members(parameters, "binary_data", "classification");
                isBinary = known.TryGetValue("binary_data", out var own) ? Boolean(own) : isBinary;
                classes = known.TryGetValue("classification", out var count) ? Unsigned(count) : 0;
                Require(classes == 0 || (IsRanked(signature.Outputs[index].Type) && classes <= 65_536));
                foreach (var member in parameters.EnumerateObject())
                {
                    Require(!member.Name.StartsWith("shared_memory_", StringComparison.Ordinal));
                }
            }

            if (!seen.Contains(index))
            {
                seen.Add(index);
                outcome.Outputs.Add($"{index} {(isBinary ? "Binary" : "Json")}{(classes > 0 ? $" {classes}" : "")}");
            }
        }

        if (seen.Count == 0)
        {
            outcome.Outputs.AddRange(signature.Outputs.Select((_, index) => $"{index} {(binaryByDefault ? "Binary" : "Json")}"));
        }

        Require(outcome.Outputs.All(output => !output.EndsWith("Json", StringComparison.Ordinal)
            || signature.Outputs[int.Parse(output.Split(' ')[0], CultureInfo.InvariantCulture)].Type != DataType.Float16));
    }

    private static bool IsRanked(DataType type) => type is not (DataType.Bool or DataType.Bytes or DataType.BFloat16);

    // The members with a meaning, each given once.
    private static Dictionary<string, JsonElement> Members(JsonElement element, params string[] names)
    {
        Dictionary<string, JsonElement> members = [];
        foreach (var member in Of(element, JsonValueKind.Object).EnumerateObject().Where(member => names.Contains(member.Name)))
        {
            Require(members.TryAdd(member.Name, member.Value));
        }

        return members;
    }

    private static List<JsonElement> Flatten(JsonElement element) =>
        element.ValueKind == JsonValueKind.Array ? [.. element.EnumerateArray().SelectMany(Flatten)] : [element];

    // Every string must be text: an escape for half a surrogate pair is none.
    private static void RequireText(JsonElement element)
    {
        try
        {
            switch (element.ValueKind)
            {
                case JsonValueKind.String:
                    element.GetString();
                    break;
                case JsonValueKind.Array:
                    element.EnumerateArray().ToList().ForEach(RequireText);
                    break;
                case JsonValueKind.Object:
                    element.EnumerateObject().ToList().ForEach(member =>
                    {
                        _ = member.Name;
                        RequireText(member.Value);
                    });
                    break;
            }
        }
        catch (InvalidOperationException)
        {
            throw new RefusedException();
        }
    }

    private static string Raw(JsonElement text) => text.GetRawText()[1..^1];

    private static bool IsWhole(string text) => text.TrimStart('-').All(char.IsAsciiDigit);

    private static string Number(JsonElement element) => Of(element, JsonValueKind.Number).GetRawText();

    private static T Finite<T>(T value)
        where T : IFloatingPointIeee754<T>
    {
        Require(T.IsFinite(value));
        return value;
    }

    private static double Special(JsonElement element) => element.GetString() switch
    {
        "NaN" => double.NaN,
        "Infinity" => double.PositiveInfinity,
        "-Infinity" => double.NegativeInfinity,
        _ => throw new RefusedException(),
    };

    private static BigInteger Whole(JsonElement element, BigInteger least, BigInteger most)
    {
        var text = Number(element);
        Require(IsWhole(text));
        var value = BigInteger.Parse(text, CultureInfo.InvariantCulture);
        Require(value >= least && value <= most);
        return value;
    }

    private static ulong Unsigned(JsonElement element) => (ulong)Whole(element, 0, ulong.MaxValue);

    private static bool Boolean(JsonElement element)
    {
        Require(element.ValueKind is JsonValueKind.True or JsonValueKind.False);
        return element.GetBoolean();
    }

    private static JsonElement Of(JsonElement element, JsonValueKind kind)
    {
        Require(element.ValueKind == kind);
        return element;
    }

    private static void Require(bool holds)
    {
        if (!holds)
        {
            throw new RefusedException();
        }
    }

    private sealed class RefusedException : Exception;
}
