using System.Buffers;
using System.Buffers.Text;

namespace Bedplate.Protocols.OpenInference.Rest.Json;

/// <summary>Strings and their escapes.</summary>
internal ref partial struct JsonCursor
{
    private static readonly SearchValues<byte> StringEnds = SearchValues.Create(
        [(byte)'"', (byte)'\\', .. Enumerable.Range(0, 0x20).Select(value => (byte)value)]);

    /// <summary>Takes a string, with all its escapes checked.</summary>
    public bool TryTakeString(out JsonText value)
    {
        value = default;
        if (Peek() != '"')
        {
            return Fail(JsonFault.ValueExpected);
        }

        var start = ++_position;
        var hasEscapes = false;
        while (true)
        {
            var length = _text[_position..].IndexOfAny(StringEnds);
            if (length < 0)
            {
                _position = _text.Length;
                return Fail(JsonFault.UnexpectedEnd);
            }

            _position += length;
            switch (_text[_position])
            {
                case (byte)'"':
                    value = new JsonText(_text[start.._position], hasEscapes);
                    _position++;
                    return true;
                case (byte)'\\':
                    hasEscapes = true;
                    if (!TryTakeEscape())
                    {
                        return false;
                    }

                    break;
                default:
                    return Fail(JsonFault.ControlCharacter);
            }
        }
    }

    // At a backslash. Takes the escape, and with the first half of a surrogate pair the second one.
    private bool TryTakeEscape()
    {
        var rest = _text[(_position + 1)..];
        if (rest.IsEmpty)
        {
            _position = _text.Length;
            return Fail(JsonFault.UnexpectedEnd);
        }

        if (rest[0] != 'u')
        {
            if (!"\"\\/bfnrt"u8.Contains(rest[0]))
            {
                return Fail(JsonFault.BadEscape);
            }

            _position += 2;
            return true;
        }

        if (!TryParseHex(rest[1..], out var unit))
        {
            return Fail(rest.Length < 5 ? JsonFault.UnexpectedEnd : JsonFault.BadEscape);
        }

        if (!char.IsSurrogate(unit))
        {
            _position += JsonText.UnicodeEscapeLength;
            return true;
        }

        var second = rest[5..];
        if (!char.IsHighSurrogate(unit)
            || !second.StartsWith("\\u"u8)
            || !TryParseHex(second[2..], out var low)
            || !char.IsLowSurrogate(low))
        {
            return Fail(JsonFault.BadSurrogate);
        }

        _position += 2 * JsonText.UnicodeEscapeLength;
        return true;
    }

    private static bool TryParseHex(ReadOnlySpan<byte> text, out char unit)
    {
        if (text.Length >= 4
            && Utf8Parser.TryParse(text[..4], out ushort value, out var used, 'x')
            && used == 4)
        {
            unit = (char)value;
            return true;
        }

        unit = default;
        return false;
    }
}
