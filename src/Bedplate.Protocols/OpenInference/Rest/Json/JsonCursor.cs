using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Unicode;

namespace Bedplate.Protocols.OpenInference.Rest.Json;

/// <summary>
/// Walks through a JSON text (RFC 8259, strict) without building anything. Every method that takes something leaves
/// the cursor behind it and says whether it was there; the first fault is kept with its place, and after it nothing
/// more is taken.
/// </summary>
/// <remarks>
/// Why not <see cref="System.Text.Json.Utf8JsonReader"/>: a token costs it 20 to 30 ns before the number in it is
/// read, which is most of the time of a tensor given as JSON (docs/reference/rest.md, Performance).
/// </remarks>
internal ref struct JsonCursor
{
    private static readonly SearchValues<byte> StringEnds = SearchValues.Create(
        [(byte)'"', (byte)'\\', .. Enumerable.Range(0, 0x20).Select(value => (byte)value)]);

    private readonly ReadOnlySpan<byte> _text;
    private readonly int _maxDepth;
    private int _position;

    /// <summary>Starts at the first byte. The whole text is checked to be UTF-8, so that no string in it needs to be.</summary>
    public JsonCursor(ReadOnlySpan<byte> text, int maxDepth)
    {
        _text = text;
        _maxDepth = maxDepth;
        if (!Utf8.IsValid(text))
        {
            _position = FirstInvalidByte(text);
            Fail(JsonFault.NotUtf8);
        }
    }

    /// <summary>The next byte's place; after a fault, where that is.</summary>
    public readonly int Position => _position;

    /// <summary>What is wrong with the text, if anything.</summary>
    public JsonFault Fault { get; private set; }

    /// <summary>Deepest nesting of arrays and objects taken.</summary>
    public readonly int MaxDepth => _maxDepth;

    /// <summary>Bytes not yet taken.</summary>
    public readonly int Remaining => _text.Length - _position;

    /// <summary>What lies between two places.</summary>
    public readonly ReadOnlySpan<byte> Slice(int start, int end) => _text[start..end];

    /// <summary>A second cursor on the same text, at a place where a value begins.</summary>
    public readonly JsonCursor At(int position)
    {
        var cursor = this;
        cursor._position = position;
        return cursor;
    }

    /// <summary>The next byte that is no white space, not taken; 0 at the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte Peek()
    {
        var text = _text;
        var position = _position;
        while ((uint)position < (uint)text.Length)
        {
            var next = text[position];
            if (next > ' ' || !IsWhiteSpace(next))
            {
                _position = position;
                return next;
            }

            position++;
        }

        _position = position;
        return 0;
    }

    /// <summary>Takes the byte that <see cref="Peek"/> showed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take() => _position++;

    /// <summary>Takes this byte if it comes next.</summary>
    public bool TryTake(byte expected)
    {
        if (Peek() != expected)
        {
            return false;
        }

        _position++;
        return true;
    }

    /// <summary>
    /// Takes the beginning of an object's next member, up to its value: the first one after the brace with
    /// <paramref name="isFirst"/>. False at the object's end, which is taken, and on a fault.
    /// </summary>
    public bool TryTakeMember(scoped ref bool isFirst, out JsonText name)
    {
        name = default;
        var next = Peek();
        if (next == '}')
        {
            _position++;
            return false;
        }

        if (!isFirst)
        {
            if (next != ',')
            {
                return Fail(JsonFault.CommaOrBraceExpected);
            }

            _position++;
            next = Peek();
        }

        isFirst = false;
        if (next != '"')
        {
            return Fail(JsonFault.NameExpected);
        }

        return TryTakeString(out name) && (TryTake((byte)':') || Fail(JsonFault.ColonExpected));
    }

    /// <summary>
    /// Takes the comma before an array's next element, if it is not the first. False at the array's end, which is
    /// taken, and on a fault.
    /// </summary>
    public bool TryTakeElement(ref bool isFirst)
    {
        var next = Peek();
        if (next == ']')
        {
            _position++;
            return false;
        }

        if (!isFirst)
        {
            if (next != ',')
            {
                return Fail(JsonFault.CommaOrBracketExpected);
            }

            _position++;
            if (Peek() == ']')
            {
                return Fail(JsonFault.ValueExpected);
            }
        }

        isFirst = false;
        return true;
    }

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

    /// <summary>Takes true or false.</summary>
    public bool TryTakeBoolean(out bool value)
    {
        value = Peek() == 't';
        return TryTakeLiteral(value ? "true"u8 : "false"u8);
    }

    /// <summary>Takes a number.</summary>
    public bool TryTakeNumber(out JsonNumber number)
    {
        Peek();
        if (JsonNumber.TryRead(_text, _position, out number))
        {
            _position += number.Text.Length;
            return true;
        }

        return Fail(FaultOfNumber());
    }

    /// <summary>Takes a whole value of any kind; <paramref name="depth"/> is the nesting it stands in.</summary>
    public bool TrySkipValue(int depth)
    {
        switch (Peek())
        {
            case (byte)'{':
                return depth < _maxDepth ? TrySkipObject(depth + 1) : Fail(JsonFault.TooDeep);
            case (byte)'[':
                return depth < _maxDepth ? TrySkipArray(depth + 1) : Fail(JsonFault.TooDeep);
            case (byte)'"':
                return TryTakeString(out _);
            case (byte)'t' or (byte)'f':
                return TryTakeBoolean(out _);
            case (byte)'n':
                return TryTakeLiteral("null"u8);
            default:
                return TryTakeNumber(out _);
        }
    }

    /// <summary>Takes the white space after the root; false when there is more.</summary>
    public bool TryTakeEnd() => (Peek() == 0 && _position == _text.Length) || Fail(JsonFault.TrailingData);

    /// <summary>Keeps the first fault. Always false, so that it can be returned.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public bool Fail(JsonFault fault)
    {
        if (Fault == JsonFault.None)
        {
            // What ends too early is wrong for that reason, whatever was expected there.
            Fault = fault is not JsonFault.NotUtf8 and not JsonFault.TooDeep && _position >= _text.Length ? JsonFault.UnexpectedEnd : fault;
            if (_text.IsEmpty)
            {
                Fault = JsonFault.Empty;
            }
        }

        return false;
    }

    private bool TrySkipObject(int depth)
    {
        _position++;
        var isFirst = true;
        while (TryTakeMember(ref isFirst, out _))
        {
            if (!TrySkipValue(depth))
            {
                return false;
            }
        }

        return Fault == JsonFault.None;
    }

    private bool TrySkipArray(int depth)
    {
        _position++;
        var isFirst = true;
        while (TryTakeElement(ref isFirst))
        {
            if (!TrySkipValue(depth))
            {
                return false;
            }
        }

        return Fault == JsonFault.None;
    }

    private bool TryTakeLiteral(ReadOnlySpan<byte> literal)
    {
        var rest = _text[_position..];
        if (rest.StartsWith(literal))
        {
            _position += literal.Length;
            return true;
        }

        return Fail(literal.StartsWith(rest) ? JsonFault.UnexpectedEnd : JsonFault.ValueExpected);
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

    private readonly JsonFault FaultOfNumber()
    {
        var rest = _text[_position..];
        if (rest.StartsWith("-"u8))
        {
            rest = rest[1..];
        }

        if (rest.StartsWith("NaN"u8) || rest.StartsWith("Infinity"u8) || rest.StartsWith("Inf"u8))
        {
            return JsonFault.NotFiniteLiteral;
        }

        return !rest.IsEmpty && (char.IsAsciiDigit((char)rest[0]) || rest.Length < _text.Length - _position)
            ? JsonFault.BadNumber
            : JsonFault.ValueExpected;
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

    private static bool IsWhiteSpace(byte value) => value is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t';

    private static int FirstInvalidByte(ReadOnlySpan<byte> text)
    {
        var position = 0;
        while (System.Text.Rune.DecodeFromUtf8(text[position..], out _, out var length) == OperationStatus.Done)
        {
            position += length;
        }

        return position;
    }
}
