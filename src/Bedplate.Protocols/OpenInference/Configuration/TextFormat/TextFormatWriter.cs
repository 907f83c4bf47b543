using System.Collections;
using System.Globalization;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Bedplate.Protocols.OpenInference.Configuration.TextFormat;

/// <summary>
/// Writes a message in protobuf's text format, as people write configurations: fields in the order of their
/// declaration, defaults left out, scalars of a repeated field as one list. What it writes,
/// <see cref="TextFormatParser"/> reads back to an equal message. Unknown fields are left out.
/// </summary>
public static class TextFormatWriter
{
    private const int IndentWidth = 2;

    /// <summary>Writes a message; empty when all its fields have their defaults.</summary>
    public static string Write(IMessage message)
    {
        var output = new StringBuilder();
        WriteFields(output, message, indent: 0);
        return output.ToString();
    }

    private static void WriteFields(StringBuilder output, IMessage message, int indent)
    {
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            var value = field.Accessor.GetValue(message);
            if (field.IsMap)
            {
                WriteMap(output, field, (IDictionary)value, indent);
            }
            else if (field.IsRepeated)
            {
                WriteRepeated(output, field, (IList)value, indent);
            }
            else if (field.HasPresence ? field.Accessor.HasValue(message) : !IsDefault(value))
            {
                WriteField(output, field, value, indent);
            }
        }
    }

    private static void WriteMap(StringBuilder output, FieldDescriptor field, IDictionary map, int indent)
    {
        var key = field.MessageType.FindFieldByNumber(1);
        var value = field.MessageType.FindFieldByNumber(2);
        foreach (DictionaryEntry entry in map)
        {
            Indent(output, indent).Append(field.Name).Append(" {\n");
            WriteField(output, key, entry.Key, indent + IndentWidth);
            WriteField(output, value, entry.Value!, indent + IndentWidth);
            Indent(output, indent).Append("}\n");
        }
    }

    private static void WriteRepeated(StringBuilder output, FieldDescriptor field, IList values, int indent)
    {
        if (field.FieldType is FieldType.Message or FieldType.Group)
        {
            foreach (var value in values)
            {
                WriteField(output, field, value!, indent);
            }
        }
        else if (values.Count > 0)
        {
            Indent(output, indent).Append(field.Name).Append(": [");
            for (var i = 0; i < values.Count; i++)
            {
                output.Append(i == 0 ? string.Empty : ", ");
                WriteScalar(output, field, values[i]!);
            }

            output.Append("]\n");
        }
    }

    private static void WriteField(StringBuilder output, FieldDescriptor field, object value, int indent)
    {
        Indent(output, indent).Append(field.Name);
        if (value is IMessage message)
        {
            output.Append(" {\n");
            WriteFields(output, message, indent + IndentWidth);
            Indent(output, indent).Append("}\n");
            return;
        }

        output.Append(": ");
        WriteScalar(output, field, value);
        output.Append('\n');
    }

    private static void WriteScalar(StringBuilder output, FieldDescriptor field, object value)
    {
        switch (value)
        {
            case string text:
                TextFormatStrings.AppendLiteral(output, text);
                break;
            case ByteString bytes:
                TextFormatStrings.AppendLiteral(output, bytes.Span);
                break;
            case bool flag:
                output.Append(flag ? "true" : "false");
                break;
            case float number:
                AppendFloat(output, number, number.ToString("R", CultureInfo.InvariantCulture));
                break;
            case double number:
                AppendFloat(output, number, number.ToString("R", CultureInfo.InvariantCulture));
                break;
            case Enum:
                AppendEnum(output, field.EnumType, (int)value);
                break;
            default:
                output.Append(CultureInfo.InvariantCulture, $"{value}");
                break;
        }
    }

    private static void AppendFloat(StringBuilder output, double value, string digits) =>
        output.Append(
            double.IsNaN(value) ? "nan"
            : double.IsPositiveInfinity(value) ? "inf"
            : double.IsNegativeInfinity(value) ? "-inf"
            : digits);

    private static void AppendEnum(StringBuilder output, EnumDescriptor type, int number)
    {
        if (type.FindValueByNumber(number) is { } value)
        {
            output.Append(value.Name);
        }
        else
        {
            output.Append(CultureInfo.InvariantCulture, $"{number}");
        }
    }

    // Negative zero is no default in protobuf, hence the bits.
    private static bool IsDefault(object value) => value switch
    {
        string text => text.Length == 0,
        ByteString bytes => bytes.IsEmpty,
        bool flag => !flag,
        float number => BitConverter.SingleToInt32Bits(number) == 0,
        double number => BitConverter.DoubleToInt64Bits(number) == 0,
        Enum => (int)value == 0,
        int number => number == 0,
        uint number => number == 0,
        long number => number == 0,
        ulong number => number == 0,
        _ => false,
    };

    private static StringBuilder Indent(StringBuilder output, int indent) => output.Append(' ', indent);
}
