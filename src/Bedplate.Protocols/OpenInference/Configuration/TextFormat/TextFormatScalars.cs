using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Bedplate.Protocols.OpenInference.Configuration.Messages;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Bedplate.Protocols.OpenInference.Configuration.TextFormat;

/// <summary>Reads the value of a field that is no message, and goes past it.</summary>
internal sealed class TextFormatScalars(TextFormatCursor cursor)
{
    // The largest float and half a step of its last bit.
    private const double LargestThatRoundsToFloat = 3.4028235677973366e+38;

    /// <summary>The value at the cursor, boxed in the field's type.</summary>
    /// <exception cref="TextFormatException">There is no such value.</exception>
    public object Parse(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.String => ParseText(),
        FieldType.Bytes => ByteString.CopyFrom(ParseBytes().WrittenSpan),
        FieldType.Bool => ParseBoolean(),
        FieldType.Enum => ParseEnum(field.EnumType),
        FieldType.Float => ToFloat(ParseFloat()),
        FieldType.Double => ParseFloat(),
        _ => ParseInteger(field.FieldType),
    };

    private string ParseText()
    {
        var token = cursor.Token;
        var bytes = ParseBytes().WrittenSpan;
        return Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : throw cursor.Error(token, "the string's bytes are not UTF-8");
    }

    private ArrayBufferWriter<byte> ParseBytes()
    {
        if (cursor.Token.Kind is not (TextFormatTokenKind.String or TextFormatTokenKind.UnterminatedString))
        {
            throw cursor.Expected("a string in quotes");
        }

        var bytes = new ArrayBufferWriter<byte>();
        while (cursor.Token.Kind == TextFormatTokenKind.String)
        {
            if (!TextFormatStrings.TryDecode(cursor.Text[1..^1], bytes, out var offset, out var fault))
            {
                var token = cursor.Token;
                throw cursor.Error(token with { Column = token.Column + 1 + offset }, fault!);
            }

            cursor.Advance();
        }

        return cursor.Token.Kind == TextFormatTokenKind.UnterminatedString
            ? throw cursor.Error("the string has no closing quote in its line")
            : bytes;
    }

    private bool ParseBoolean()
    {
        bool? value = cursor.Token.Kind switch
        {
            TextFormatTokenKind.Identifier => cursor.Text switch
            {
                "true" or "True" or "t" => true,
                "false" or "False" or "f" => false,
                _ => null,
            },
            TextFormatTokenKind.Number when TextFormatNumbers.TryInteger(cursor.Text, out var number, out _) && number <= 1 =>
                number == 1,
            _ => null,
        };
        if (value is null)
        {
            throw cursor.Expected("true or false");
        }

        cursor.Advance();
        return value.Value;
    }

    private object ParseEnum(EnumDescriptor type)
    {
        if (cursor.Token.Kind == TextFormatTokenKind.Identifier)
        {
            var name = cursor.Text.ToString();
            var value = type.FindValueByName(name)
                ?? throw cursor.Error(
                    $"'{Excerpt.Of(name)}' is not a value of {type.Name}"
                    + NameSuggestion.For(name, type.Values.Select(value => value.Name)));
            cursor.Advance();
            return FieldValues.Enum(value);
        }

        var token = cursor.Token;
        if (token.Kind != TextFormatTokenKind.Number && !cursor.Is('-'))
        {
            throw cursor.Expected($"a value of {type.Name}");
        }

        var number = (int)ParseInteger(FieldType.Int32);
        return FieldValues.Enum(
            type.FindValueByNumber(number) ?? throw cursor.Error(token, $"{number} is not the number of a value of {type.Name}"));
    }

    private object ParseInteger(FieldType type)
    {
        var start = cursor.Token;
        var isNegative = cursor.TryConsume('-');
        var isTooLarge = false;
        if (cursor.Token.Kind != TextFormatTokenKind.Number
            || !TextFormatNumbers.TryInteger(cursor.Text, out var magnitude, out isTooLarge))
        {
            throw isTooLarge
                ? OutOfRange(start, type)
                : cursor.Expected("a whole number");
        }

        // A zero is no exception: protobuf allows no sign where there can be no negative number.
        var isUnsigned = type is FieldType.UInt32 or FieldType.UInt64 or FieldType.Fixed32 or FieldType.Fixed64;
        if ((isNegative && isUnsigned) || !FieldValues.TryInteger(type, isNegative, magnitude, out var value))
        {
            throw OutOfRange(start, type);
        }

        cursor.Advance();
        return value;
    }

    // As protobuf narrows: what would round to the largest float with an unbounded exponent is that one, not infinity.
    private static float ToFloat(double value) =>
        Math.Abs(value) is > float.MaxValue and <= LargestThatRoundsToFloat ? MathF.CopySign(float.MaxValue, (float)value) : (float)value;

    private double ParseFloat()
    {
        var isNegative = cursor.TryConsume('-');
        if (!TryFloat(out var value))
        {
            throw cursor.Expected("a number");
        }

        cursor.Advance();
        return isNegative ? -value : value;
    }

    private bool TryFloat(out double value)
    {
        var text = cursor.Text;
        switch (cursor.Token.Kind)
        {
            case TextFormatTokenKind.Number:
                return TextFormatNumbers.TryFloat(text, out value);
            case TextFormatTokenKind.Identifier when text.Equals("inf", StringComparison.OrdinalIgnoreCase)
                || text.Equals("infinity", StringComparison.OrdinalIgnoreCase):
                value = double.PositiveInfinity;
                return true;
            case TextFormatTokenKind.Identifier when text.Equals("nan", StringComparison.OrdinalIgnoreCase):
                value = double.NaN;
                return true;
            default:
                value = 0;
                return false;
        }
    }

    private TextFormatException OutOfRange(TextFormatToken token, FieldType type) =>
        cursor.Error(token, $"the number is outside {FieldValues.RangeOf(type)}");
}
