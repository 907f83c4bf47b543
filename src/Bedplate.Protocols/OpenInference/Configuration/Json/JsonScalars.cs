using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Bedplate.Protocols.OpenInference.Configuration.Messages;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Bedplate.Protocols.OpenInference.Configuration.Json;

/// <summary>Values of fields that are no messages, from JSON as protobuf's JSON mapping has them.</summary>
internal static class JsonScalars
{
    /// <summary>The value at the reader, boxed in the field's type; null when it is none, with what was expected.</summary>
    public static object? Read(ref Utf8JsonReader reader, FieldDescriptor field, out string expected)
    {
        switch (field.FieldType)
        {
            case FieldType.String:
                expected = "a string";
                return reader.TokenType == JsonTokenType.String && TryText(ref reader, out var text) ? text : null;
            case FieldType.Bytes:
                expected = "a string in base64";
                return reader.TokenType == JsonTokenType.String && reader.TryGetBytesFromBase64(out var bytes)
                    ? UnsafeByteOperations.UnsafeWrap(bytes)
                    : null;
            case FieldType.Bool:
                expected = "true or false";
                return reader.TokenType is JsonTokenType.True or JsonTokenType.False ? reader.GetBoolean() : null;
            case FieldType.Enum:
                expected = string.Empty;
                return ReadEnum(ref reader, field.EnumType, ref expected);
            case FieldType.Float:
                expected = "a number that a float can hold";
                return TryDouble(ref reader, out var single) && float.IsFinite((float)single) == double.IsFinite(single)
                    ? (float)single
                    : null;
            case FieldType.Double:
                expected = "a number that a double can hold";
                return TryDouble(ref reader, out var number) ? number : null;
            default:
                expected = $"a whole number from {FieldValues.RangeOf(field.FieldType)}";
                return ReadInteger(ref reader, field.FieldType);
        }
    }

    /// <summary>A map's key from its JSON name; null when it is none of the type's.</summary>
    public static object? ParseKey(FieldType type, string text) => type switch
    {
        FieldType.String => text,
        FieldType.Bool => text switch { "true" => true, "false" => false, _ => null },
        _ => ParseInteger(type, text),
    };

    /// <summary>The present string or name; false when an escape in it stands for half a character only.</summary>
    public static bool TryText(ref Utf8JsonReader reader, [NotNullWhen(true)] out string? text)
    {
        try
        {
            text = reader.GetString()!;
            return true;
        }
        catch (InvalidOperationException)
        {
            // The reader's only way to say that surrogate escapes do not pair.
            text = null;
            return false;
        }
    }

    /// <summary>The present token for a message.</summary>
    public static string Describe(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => $"\"{Excerpt.Of(Encoding.UTF8.GetString(reader.ValueSpan))}\"",
        JsonTokenType.None => "nothing",
        _ => Excerpt.Of(Encoding.UTF8.GetString(reader.ValueSpan)),
    };

    private static object? ReadEnum(ref Utf8JsonReader reader, EnumDescriptor type, ref string expected)
    {
        expected = $"a value of {type.Name}";
        if (reader.TokenType == JsonTokenType.Number)
        {
            return reader.TryGetInt32(out var number) && type.FindValueByNumber(number) is { } byNumber
                ? FieldValues.Enum(byNumber)
                : null;
        }

        if (reader.TokenType != JsonTokenType.String || !TryText(ref reader, out var name))
        {
            return null;
        }

        foreach (var value in type.Values)
        {
            if (value.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return FieldValues.Enum(value);
            }
        }

        if (NameSuggestion.Nearest(name, type.Values.Select(value => value.Name)) is { } nearest)
        {
            expected += $" (did you mean '{nearest}'?)";
        }

        return null;
    }

    private static object? ReadInteger(ref Utf8JsonReader reader, FieldType type)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return TryText(ref reader, out var text) ? ParseInteger(type, text) : null;
        }

        // Decimal reads 1.0 and 1e3 exactly, which JSON has as whole numbers too.
        return reader.TokenType == JsonTokenType.Number && reader.TryGetDecimal(out var value) ? Integer(type, value) : null;
    }

    private static object? ParseInteger(FieldType type, string text) =>
        decimal.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? Integer(type, value)
            : null;

    private static object? Integer(FieldType type, decimal value)
    {
        var magnitude = Math.Abs(value);
        return magnitude <= ulong.MaxValue && decimal.Truncate(value) == value
            && FieldValues.TryInteger(type, value < 0, (ulong)magnitude, out var boxed)
            ? boxed
            : null;
    }

    private static bool TryDouble(ref Utf8JsonReader reader, out double value)
    {
        value = 0;
        if (reader.TokenType == JsonTokenType.Number)
        {
            return reader.TryGetDouble(out value) && double.IsFinite(value);
        }

        if (reader.TokenType != JsonTokenType.String || !TryText(ref reader, out var text))
        {
            return false;
        }

        switch (text)
        {
            case "NaN":
                value = double.NaN;
                return true;
            case "Infinity":
                value = double.PositiveInfinity;
                return true;
            case "-Infinity":
                value = double.NegativeInfinity;
                return true;
            default:
                return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value)
                    && double.IsFinite(value);
        }
    }
}
