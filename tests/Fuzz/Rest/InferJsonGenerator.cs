using System.Globalization;
using System.Text;

namespace Bedplate.Tests.Fuzz.Rest;

/// <summary>
/// Texts for <see cref="InferTarget"/>: requests with everything that a request may have, some with a mistake of the
/// kind that people and programs make, some damaged at random bytes.
/// </summary>
internal sealed class InferJsonGenerator
{
    private static readonly string[] Tokens =
    [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud83d", "\\ude00", "null", "true", "-", ".", "e", "0", "00", "1e999", "NaN", "-Infinity", " ", "\t", "\0",
        "é", "\"id\":\"\",", "\"data\":", ",]", "18446744073709551616", "9223372036854775808", "0.1",
    ];

    private static readonly string[] Numbers =
    [
        "0", "-0", "-0.0", "1", "-1", "127", "128", "-128", "-129", "9223372036854775807", "-9223372036854775808", "18446744073709551615",
        "0.1", "1e5", "1E-5", "1.5", "3.4028235e38", "3.4028235677973366e38", "1e39", "1.7976931348623157e308", "1e309", "5e-324", "1.00000005960464477539062500000000001",
        "1.000000059604644775390625", "0.10000000149011612", "123456789012345678901234567890", "8388609.499999999999999999", "00", "01", "1.", ".5", "+1", "1e", "0x1",
    ];

    private static readonly string[] Strings =
        ["", "a", "é", "\\u00e9", "\\n", "\\f", "\\/", "\\\\", "\\\"", "\\ud83d\\ude00", "😀", "\\ud83d", "\\ude00", "\\u0000", "\\u12", "\\x", "\t", "NaN", "-Infinity", "triton_x"];

    private readonly Random _random;
    private readonly StringBuilder _text = new();

    // Bytes of inputs, behind the text; null where all is JSON.
    private readonly MemoryStream? _tensors;

    private InferJsonGenerator(Random random, MemoryStream? tensors)
    {
        _random = random;
        _tensors = tensors;
    }

    /// <summary>A text with all of its inputs in it.</summary>
    public static byte[] Next(Random random)
    {
        var text = Write(random, null);
        return random.Next(3) == 0 ? Damage(random, text) : text;
    }

    /// <summary>A text and the bytes of some of its inputs.</summary>
    public static (byte[] Json, byte[] Tensors) NextWithTensors(Random random)
    {
        using var tensors = new MemoryStream();
        return (Write(random, tensors), tensors.ToArray());
    }

    private static byte[] Write(Random random, MemoryStream? tensors)
    {
        var generator = new InferJsonGenerator(random, tensors);
        generator.WriteRequest();
        return Encoding.UTF8.GetBytes(generator._text.ToString());
    }

    private static byte[] Damage(Random random, byte[] text)
    {
        List<byte> bytes = [.. text];
        for (var i = random.Next(1, 4); i > 0 && bytes.Count > 0; i--)
        {
            var position = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0:
                    bytes[position] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(position, Math.Min(bytes.Count - position, random.Next(1, 4)));
                    break;
                case 2:
                    bytes.InsertRange(position, Encoding.UTF8.GetBytes(Tokens[random.Next(Tokens.Length)]));
                    break;
                default:
                    var length = Math.Min(bytes.Count - position, random.Next(1, 30));
                    bytes.InsertRange(position, bytes.GetRange(position, length));
                    break;
            }
        }

        return [.. bytes];
    }

    private void WriteRequest()
    {
        List<Action> members = [WriteInputs];
        if (Chance(3))
        {
            members.Add(() => Write("\"id\":").WriteString());
        }

        if (Chance(50))
        {
            members.Add(() => Write("\"id\":\"\""));
        }

        if (Chance(3))
        {
            members.Add(WriteParameters);
        }

        if (Chance(3))
        {
            members.Add(WriteOutputs);
        }

        if (Chance(4))
        {
            members.Add(() => WriteUnknown(0));
        }

        WriteObject(members);
    }

    private void WriteInputs()
    {
        Write("\"inputs\":");
        List<(string Name, string Type, int Rank)> inputs = [("f", "FP32", 1)];
        (string Name, string Type, int Rank)[] others = [("d", "FP64", 2), ("i8", "INT8", 1), ("i64", "INT64", 1), ("u64", "UINT64", 1), ("b", "BOOL", 1), ("s", "BYTES", 1)];
        if (_tensors is not null)
        {
            others = [.. others, ("h", "FP16", 1)];
        }

        inputs.AddRange(others.Where(_ => Chance(4)));
        if (Chance(100))
        {
            inputs.Add(inputs[0]);
        }

        WriteArray([.. inputs.OrderBy(_ => _random.Next()).Select(input => (Action)(() => WriteInput(input.Name, input.Type, input.Rank)))]);
    }

    private void WriteInput(string name, string type, int rank)
    {
        var rows = name == "i8" ? 2 : _random.Next(4);
        var count = rank == 2 ? rows * 2 : rows;
        List<Action> members =
        [
            () => Write($"\"name\":\"{(Chance(60) ? "\\u0066" : name)}\""),
            () => Write($"\"datatype\":\"{(Chance(60) ? "FP32" : type)}\""),
            () => Write(rank == 2 ? $"\"shape\":[{rows},2]" : $"\"shape\":[{(Chance(60) ? Pick(Numbers) : $"{rows}")}]"),
            () => Write("\"data\":").WriteData(type, count, 0),
        ];
        if (_tensors is not null && (type == "FP16" || Chance(2)))
        {
            members[3] = () => Write($"\"parameters\":{{\"binary_data_size\":{WriteTensor(type, count) + (Chance(60) ? 1 : 0)}}}");
        }

        if (Chance(60))
        {
            members.RemoveAt(_random.Next(members.Count));
        }

        if (Chance(20))
        {
            members.Add(() => Write("\"parameters\":{\"binary_data_size\":0}"));
            if (Chance(2))
            {
                members.RemoveAll(member => member == members[3]);
            }
        }

        if (Chance(10))
        {
            members.Add(() => WriteUnknown(0));
        }

        if (Chance(3))
        {
            members = [.. members.OrderBy(_ => _random.Next())];
        }

        WriteObject(members);
    }

    // Returns the tensor's length.
    private int WriteTensor(string type, int count)
    {
        var elementSize = type switch
        {
            "FP64" or "INT64" or "UINT64" => 8,
            "FP32" => 4,
            "FP16" => 2,
            _ => 1,
        };
        var start = _tensors!.Length;
        for (; count > 0; count--)
        {
            var element = new byte[type == "BYTES" ? _random.Next(6) : elementSize];
            _random.NextBytes(element);
            if (type == "BYTES")
            {
                _tensors.Write(BitConverter.GetBytes(element.Length));
            }

            _tensors.Write(element);
        }

        return (int)(_tensors.Length - start);
    }

    private void WriteData(string type, int count, int depth)
    {
        if (Chance(60))
        {
            count += _random.Next(-1, 2);
        }

        List<Action> elements = [];
        while (count > 0)
        {
            var take = depth < 3 && Chance(6) ? _random.Next(1, count + 1) : 0;
            elements.Add(take > 0 ? () => WriteData(type, take, depth + 1) : () => WriteElement(type));
            count -= Math.Max(1, take);
        }

        if (Chance(20))
        {
            elements.Add(() => Write("[]"));
        }

        WriteArray(elements);
    }

    private void WriteElement(string type)
    {
        if (Chance(80))
        {
            WriteValue(0);
            return;
        }

        switch (type)
        {
            case "BOOL":
                Write(Chance(2) ? "true" : "false");
                break;
            case "BYTES":
                WriteString();
                break;
            case "FP32" or "FP64":
                Write(_random.Next(6) switch
                {
                    0 => Pick(Numbers),
                    1 => Chance(4) ? "\"NaN\"" : "-0",
                    2 => ((double)BitConverter.Int32BitsToSingle(_random.Next(0x7F800000))).ToString("R", CultureInfo.InvariantCulture),
                    3 => BitConverter.Int64BitsToDouble(_random.NextInt64(0x7FF0000000000000)).ToString("R", CultureInfo.InvariantCulture),
                    _ => _random.NextDouble().ToString("R", CultureInfo.InvariantCulture),
                });
                break;
            default:
                Write(Chance(10) ? Pick(Numbers) : $"{_random.Next(128)}");
                break;
        }
    }

    private void WriteParameters()
    {
        Write("\"parameters\":");
        string[] members =
        [
            "\"priority\":3", "\"timeout\":250", "\"binary_data_output\":true", "\"binary_data_output\":false", "\"sequence_id\":0", "\"sequence_id\":7", "\"sequence_start\":false",
            "\"sequence_end\":true", "\"mine\":1.5", "\"other\":\"\\u00e9\"", "\"third\":false", "\"mine\":-7", "\"none\":null", "\"triton_a\":1", "\"timeout\":18446744073709551615",
        ];
        WriteObject([.. Enumerable.Range(0, _random.Next(4)).Select(_ => (Action)(() => Write(Pick(members))))]);
    }

    private void WriteOutputs()
    {
        Write("\"outputs\":");
        string[] names = ["f", "d", "i8", "s", "s", "none"];
        string[] parameters = ["\"binary_data\":true", "\"binary_data\":false", "\"classification\":0", "\"classification\":1", "\"classification\":65537", "\"shared_memory_region\":\"r\"", "\"mine\":[]"];
        WriteArray([.. Enumerable.Range(0, _random.Next(3)).Select(_ => (Action)(() =>
        {
            var name = Chance(20) ? "none" : names[_random.Next(names.Length - 1)];
            List<Action> members = [() => Write($"\"name\":\"{name}\"")];
            if (Chance(3))
            {
                members.Add(() => Write("\"parameters\":{" + (Chance(4) ? "" : Pick(parameters)) + "}"));
            }

            WriteObject([.. members.OrderBy(_ => _random.Next())]);
        }))]);
    }

    private void WriteUnknown(int depth)
    {
        WriteString();
        Write(":");
        WriteValue(depth);
    }

    private void WriteValue(int depth)
    {
        switch (_random.Next(depth < 4 ? 7 : 5))
        {
            case 0:
                WriteString();
                break;
            case 1:
                Write(Pick(Numbers));
                break;
            case 2:
                Write("null");
                break;
            case 3:
                Write("true");
                break;
            case 4:
                Write("1");
                break;
            case 5:
                WriteArray([.. Enumerable.Range(0, _random.Next(3)).Select(_ => (Action)(() => WriteValue(depth + 1)))]);
                break;
            default:
                WriteObject([.. Enumerable.Range(0, _random.Next(3)).Select(_ => (Action)(() => WriteUnknown(depth + 1)))]);
                break;
        }
    }

    private void WriteString() => Write("\"" + (Chance(3) ? Pick(Strings) : Strings[_random.Next(11)]) + "\"");

    private void WriteObject(List<Action> members) => WriteAll('{', members, '}');

    private void WriteArray(List<Action> elements) => WriteAll('[', elements, ']');

    private void WriteAll(char open, List<Action> parts, char close)
    {
        _text.Append(open);
        for (var i = 0; i < parts.Count; i++)
        {
            _text.Append(i == 0 ? "" : Chance(10) ? " ,\n" : ",");
            parts[i]();
        }

        _text.Append(Chance(300) ? "," : "").Append(close);
    }

    private InferJsonGenerator Write(string text)
    {
        _text.Append(text);
        return this;
    }

    private string Pick(string[] choices) => choices[_random.Next(choices.Length)];

    private bool Chance(int oneIn) => _random.Next(oneIn) == 0;
}
