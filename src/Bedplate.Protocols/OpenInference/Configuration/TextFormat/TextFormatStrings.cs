using System.Buffers;
using System.Globalization;
using System.Text;

namespace Bedplate.Protocols.OpenInference.Configuration.TextFormat;

/// <summary>
/// The escapes of string literals. A literal stands for bytes: its characters as UTF-8, and whatever \x and octal
/// escapes say, which need not be UTF-8 until a field of type string asks for it.
/// </summary>
internal static class TextFormatStrings
{
    /// <summary>
    /// Appends the bytes of a literal's inside to <paramref name="bytes"/>. On failure says what is wrong with the
    /// escape and where it begins.
    /// </summary>
    public static bool TryDecode(
        ReadOnlySpan<char> inside, ArrayBufferWriter<byte> bytes, out int faultOffset, out string? fault)
    {
        var position = 0;
        fault = null;
        while (position < inside.Length)
        {
            var run = inside[position..].IndexOf('\\');
            run = run < 0 ? inside.Length - position : run;
            AppendUtf8(inside.Slice(position, run), bytes);
            position += run;
            if (position == inside.Length)
            {
                break;
            }

            var length = DecodeEscape(inside[position..], bytes, out fault);
            if (fault is not null)
            {
                faultOffset = position;
                return false;
            }

            position += length;
        }

        faultOffset = 0;
        return true;
    }

    /// <summary>Writes a string field's literal, quotes included.</summary>
    public static void AppendLiteral(StringBuilder output, string value)
    {
        output.Append('"');
        foreach (var character in value)
        {
            if (character < ' ' || character == '\x7f')
            {
                AppendByte(output, (byte)character);
            }
            else if (character is '"' or '\\')
            {
                output.Append('\\').Append(character);
            }
            else
            {
                output.Append(character);
            }
        }

        output.Append('"');
    }

    /// <summary>Writes a bytes field's literal, quotes included; all but printable ASCII as octal escapes.</summary>
    public static void AppendLiteral(StringBuilder output, ReadOnlySpan<byte> value)
    {
        output.Append('"');
        foreach (var item in value)
        {
            if (item is < (byte)' ' or > (byte)'~')
            {
                AppendByte(output, item);
            }
            else
            {
                output.Append(item is (byte)'"' or (byte)'\\' ? "\\" : string.Empty).Append((char)item);
            }
        }

        output.Append('"');
    }

    private static void AppendByte(StringBuilder output, byte value)
    {
        var escape = value switch
        {
            (byte)'\n' => "\\n",
            (byte)'\r' => "\\r",
            (byte)'\t' => "\\t",
            _ => null,
        };
        if (escape is not null)
        {
            output.Append(escape);
            return;
        }

        // Always three digits, so that a digit that follows is not taken in.
        output.Append('\\')
            .Append((char)('0' + (value >> 6))).Append((char)('0' + ((value >> 3) & 7))).Append((char)('0' + (value & 7)));
    }

    // Returns the escape's length in characters.
    private static int DecodeEscape(ReadOnlySpan<char> escape, ArrayBufferWriter<byte> bytes, out string? fault)
    {
        fault = null;
        switch (escape[1])
        {
            case 'a': return Append(bytes, 0x07);
            case 'b': return Append(bytes, 0x08);
            case 'f': return Append(bytes, 0x0c);
            case 'n': return Append(bytes, 0x0a);
            case 'r': return Append(bytes, 0x0d);
            case 't': return Append(bytes, 0x09);
            case 'v': return Append(bytes, 0x0b);
            case '?' or '\\' or '\'' or '"': return Append(bytes, (byte)escape[1]);
            case >= '0' and <= '7': return DecodeOctal(escape, bytes, out fault);
            case 'x' or 'X': return DecodeHexadecimal(escape, bytes, out fault);
            case 'u': return DecodeUnicode(escape, digits: 4, bytes, out fault);
            case 'U': return DecodeUnicode(escape, digits: 8, bytes, out fault);
            default:
                fault = $"'\\{Messages.Excerpt.Of(escape.Slice(1, 1))}' is no escape; write '\\\\' for a backslash";
                return 0;
        }
    }

    private static int DecodeOctal(ReadOnlySpan<char> escape, ArrayBufferWriter<byte> bytes, out string? fault)
    {
        var length = 1;
        var value = 0;
        while (length < 4 && length < escape.Length && escape[length] is >= '0' and <= '7')
        {
            value = (value * 8) + (escape[length++] - '0');
        }

        fault = value > byte.MaxValue ? $"the octal escape '{escape[..length]}' is above \\377" : null;
        Append(bytes, (byte)value);
        return length;
    }

    private static int DecodeHexadecimal(ReadOnlySpan<char> escape, ArrayBufferWriter<byte> bytes, out string? fault)
    {
        var length = 2;
        while (length < 4 && length < escape.Length && char.IsAsciiHexDigit(escape[length]))
        {
            length++;
        }

        if (length == 2)
        {
            fault = "'\\x' needs one or two hexadecimal digits";
            return 0;
        }

        fault = null;
        Append(bytes, byte.Parse(escape[2..length], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
        return length;
    }

    private static int DecodeUnicode(ReadOnlySpan<char> escape, int digits, ArrayBufferWriter<byte> bytes, out string? fault)
    {
        fault = null;
        var length = 2 + digits;
        if (!TryHexadecimal(escape, 2, digits, out var value))
        {
            fault = $"'\\{escape[1]}' needs {digits} hexadecimal digits";
            return 0;
        }

        // Two \u escapes may stand for one character above U+FFFF, as in JSON.
        if (digits == 4 && value is >= 0xD800 and <= 0xDBFF
            && escape.Length >= length + 6 && escape[length] == '\\' && escape[length + 1] == 'u'
            && TryHexadecimal(escape, length + 2, 4, out var low) && low is >= 0xDC00 and <= 0xDFFF)
        {
            value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
            length += 6;
        }

        if (!Rune.TryCreate(value, out var rune))
        {
            fault = $"'{escape[..length]}' is no Unicode character";
            return 0;
        }

        bytes.Advance(rune.EncodeToUtf8(bytes.GetSpan(4)));
        return length;
    }

    private static bool TryHexadecimal(ReadOnlySpan<char> text, int start, int digits, out uint value)
    {
        value = 0;
        return text.Length >= start + digits
            && uint.TryParse(
                text.Slice(start, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    private static int Append(ArrayBufferWriter<byte> bytes, byte value)
    {
        bytes.GetSpan(1)[0] = value;
        bytes.Advance(1);
        return 2;
    }

    private static void AppendUtf8(ReadOnlySpan<char> characters, ArrayBufferWriter<byte> bytes) =>
        Encoding.UTF8.GetBytes(characters, bytes);
}
