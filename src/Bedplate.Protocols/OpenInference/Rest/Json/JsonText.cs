using System.Buffers.Text;
using System.Text;

namespace Bedplate.Protocols.OpenInference.Rest.Json;

/// <summary>
/// A string of a JSON text as it stands there, between its quotes: UTF-8, with escapes that <see cref="JsonCursor"/>
/// has found valid.
/// </summary>
internal readonly ref struct JsonText(ReadOnlySpan<byte> raw, bool hasEscapes)
{
    /// <summary>Bytes of an escape by code unit, as in "\u00e9".</summary>
    public const int UnicodeEscapeLength = 6;

    // The longest name that this protocol gives a meaning to, written with nothing but \u escapes, is shorter.
    private const int LongestCompared = 256;

    /// <summary>The bytes between the quotes; where there are escapes, the value is shorter.</summary>
    public ReadOnlySpan<byte> Raw { get; } = raw;

    /// <summary>Whether <see cref="Raw"/> is not the value itself.</summary>
    public bool HasEscapes { get; } = hasEscapes;

    /// <summary>Whether the value is this.</summary>
    public bool Is(ReadOnlySpan<byte> utf8) => HasEscapes ? IsUnescaped(utf8) : Raw.SequenceEqual(utf8);

    /// <summary>Whether the value begins with this.</summary>
    public bool StartsWith(ReadOnlySpan<byte> utf8) =>
        HasEscapes ? Value(new byte[Raw.Length]).StartsWith(utf8) : Raw.StartsWith(utf8);

    /// <summary>
    /// The value itself; <paramref name="scratch"/> holds it where there are escapes, and must be as long as
    /// <see cref="Raw"/> then.
    /// </summary>
    public ReadOnlySpan<byte> Value(Span<byte> scratch)
    {
        if (!HasEscapes)
        {
            return Raw;
        }

        Unescape(Raw, scratch, out var length);
        return scratch[..length];
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        if (!HasEscapes)
        {
            return Encoding.UTF8.GetString(Raw);
        }

        return Encoding.UTF8.GetString(Value(new byte[Raw.Length]));
    }

    /// <summary>
    /// Writes a value without its escapes. The destination may be the source itself, as no byte is written before it
    /// was read. False when it does not fit.
    /// </summary>
    public static bool Unescape(ReadOnlySpan<byte> raw, Span<byte> destination, out int written)
    {
        written = 0;
        while (true)
        {
            var clean = raw.IndexOf((byte)'\\');
            var run = clean < 0 ? raw : raw[..clean];
            if (run.Length > destination.Length - written)
            {
                return false;
            }

            run.CopyTo(destination[written..]);
            written += run.Length;
            if (clean < 0)
            {
                return true;
            }

            raw = raw[clean..];
            var rune = ReadEscape(raw, out var length);
            raw = raw[length..];
            if (!rune.TryEncodeToUtf8(destination[written..], out var encoded))
            {
                return false;
            }

            written += encoded;
        }
    }

    private static Rune ReadEscape(ReadOnlySpan<byte> escape, out int length)
    {
        length = 2;
        switch (escape[1])
        {
            case (byte)'b':
                return new Rune('\b');
            case (byte)'f':
                return new Rune('\f');
            case (byte)'n':
                return new Rune('\n');
            case (byte)'r':
                return new Rune('\r');
            case (byte)'t':
                return new Rune('\t');
            case (byte)'u':
                length = UnicodeEscapeLength;
                var unit = ReadUnit(escape);
                if (!char.IsSurrogate(unit))
                {
                    return new Rune(unit);
                }

                length = 2 * UnicodeEscapeLength;
                return new Rune(unit, ReadUnit(escape[UnicodeEscapeLength..]));
            default:
                return new Rune((char)escape[1]);
        }
    }

    private static char ReadUnit(ReadOnlySpan<byte> escape) =>
        Utf8Parser.TryParse(escape[2..UnicodeEscapeLength], out ushort unit, out _, 'x') ? (char)unit : '\0';

    private bool IsUnescaped(ReadOnlySpan<byte> utf8)
    {
        if (Raw.Length > LongestCompared)
        {
            return false;
        }

        Span<byte> value = stackalloc byte[LongestCompared];
        return Value(value).SequenceEqual(utf8);
    }
}
