using System.Globalization;
using System.Text;
using Bedplate.Contracts.OpenInference;
using Google.Protobuf.Reflection;

namespace Bedplate.Tests.Fuzz.TextFormat;

/// <summary>
/// Texts that are configurations, mostly, by the descriptor of the message, in all the forms that the specification of
/// the text format allows: what the writer prints is only one of them.
/// </summary>
internal sealed class TextFormatGenerator
{
    private const int DeepestNesting = 5;

    private static readonly string[] Spaces = [" ", "\n", "\t", "  ", "\r\n", " # a comment\n", "\n# { \"\n", " \v\f"];
    private static readonly string[] Pieces = ["a", "Z 9", "\\n", "\\\"", "\\'", "\\\\", "\\101", "\\0", "\\7a", "\\x4a", "\\xE4\\xBd\\xa0", "\\u00e9", "\\U0001F600", "\\ud83d\\ude00", "é", "😀", "#", "{", "\\?", "\\a\\b\\f\\r\\t\\v", "\\377"];

    private readonly Random _random;
    private readonly StringBuilder _text = new();

    private TextFormatGenerator(Random random) => _random = random;

    /// <summary>A text.</summary>
    public static string Next(Random random)
    {
        var generator = new TextFormatGenerator(random);
        generator.WriteFields(ModelConfig.Descriptor, depth: 0);
        return generator._text.ToString();
    }

    private void WriteFields(MessageDescriptor type, int depth)
    {
        var fields = type.Fields.InDeclarationOrder();
        HashSet<OneofDescriptor> chosen = [];
        FieldDescriptor? last = null;
        for (var left = fields.Count == 0 ? 0 : _random.Next(depth == 0 ? 5 : 4); left > 0; left--)
        {
            // The same once more is wrong for most fields.
            var field = last is not null && Chance(12) ? last : fields[_random.Next(fields.Count)];
            last = field;
            var isMessage = field.FieldType == FieldType.Message;
            if ((isMessage && depth == DeepestNesting) || (field.ContainingOneof is { } oneof && !chosen.Add(oneof)))
            {
                continue;
            }

            _text.Append(field.Name);
            if (!isMessage || Chance(2))
            {
                Space(4);
                _text.Append(':');
            }

            Space(3);
            WriteValues(field, depth);
            _text.Append(_random.Next(5) switch { 0 => ",", 1 => ";", _ => "" });
            Space(1);
        }
    }

    private void WriteValues(FieldDescriptor field, int depth)
    {
        if (!field.IsRepeated || Chance(2))
        {
            WriteValue(field, depth);
            return;
        }

        _text.Append('[');
        for (var left = _random.Next(4); left > 0; left--)
        {
            Space(3);
            WriteValue(field, depth);
            Space(3);
            _text.Append(left > 1 ? Chance(12) ? ";" : "," : Chance(30) ? "," : "");
        }

        _text.Append(']');
    }

    private void WriteValue(FieldDescriptor field, int depth)
    {
        switch (field.FieldType)
        {
            case FieldType.Message:
                var isAngle = Chance(5);
                _text.Append(isAngle ? '<' : '{');
                Space(2);
                WriteFields(field.MessageType, depth + 1);
                _text.Append(isAngle ? '>' : '}');
                break;
            case FieldType.String or FieldType.Bytes:
                WriteString();
                while (Chance(5))
                {
                    Space(2);
                    WriteString();
                }

                break;
            case FieldType.Bool:
                _text.Append(Pick("true", "false", "True", "False", "t", "f", "0", "1", "0x1", "00", "2"));
                break;
            case FieldType.Enum:
                var value = field.EnumType.Values[_random.Next(field.EnumType.Values.Count)];
                _text.Append(Chance(3) ? Number(value.Number) : value.Name);
                break;
            case FieldType.Float or FieldType.Double:
                _text.Append(Chance(4) ? "-" : "").Append(Pick("0", "1", "1.5", ".5", "2.", "1e5", "1E-5", "1.5e+3f", "3f", "inf", "INFINITY", "nan", "3.4028235677973366e38", "1e39", "0x10", "010", "1e-50"));
                break;
            default:
                _text.Append(Chance(4) ? "-" : "").Append(Chance(8) ? Pick("2147483647", "2147483648", "4294967295", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616") : Number(_random.Next(300)));
                break;
        }
    }

    private void WriteString()
    {
        var quote = Chance(3) ? '\'' : '"';
        _text.Append(quote);
        for (var left = _random.Next(4); left > 0; left--)
        {
            _text.Append(Pick(Pieces));
        }

        _text.Append(quote);
    }

    private string Number(int value) => _random.Next(6) switch
    {
        0 => $"0x{value:x}",
        1 => "0" + Convert.ToString(value, 8),
        _ => value.ToString(CultureInfo.InvariantCulture),
    };

    // At least one space with 1.
    private void Space(int oneIn)
    {
        if (Chance(oneIn))
        {
            _text.Append(Chance(3) ? Pick(Spaces) : " ");
        }
    }

    private string Pick(params string[] choices) => choices[_random.Next(choices.Length)];

    private bool Chance(int oneIn) => _random.Next(oneIn) == 0;
}
