using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
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
internal ref partial struct JsonCursor
{
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

    private readonly JsonFault FaultOfNumber()
    {
        var rest = _text[_position..];
        var isSigned = rest.StartsWith("-"u8);
        var magnitude = isSigned ? rest[1..] : rest;
        if (magnitude.StartsWith("NaN"u8) || magnitude.StartsWith("Inf"u8))
        {
            return JsonFault.NotFiniteLiteral;
        }

        var begins = isSigned || (!rest.IsEmpty && char.IsAsciiDigit((char)rest[0]));
        return begins ? JsonFault.BadNumber : JsonFault.ValueExpected;
    }

    private static bool IsWhiteSpace(byte value) => value is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t';

    private static int FirstInvalidByte(ReadOnlySpan<byte> text)
    {
        var position = 0;
        while (Rune.DecodeFromUtf8(text[position..], out _, out var length) == OperationStatus.Done)
        {
            position += length;
        }

        return position;
    }
}
