using System.Buffers;
using System.Text.Unicode;

namespace Bedplate.Protocols.OpenInference.Rest.Json;

/// <summary>Writes strings as JSON: escaped where JSON demands it and nowhere else.</summary>
internal static class JsonStrings
{
    private const int LongestEscape = 6;

    private static readonly SearchValues<byte> Escaped = SearchValues.Create(
        [(byte)'"', (byte)'\\', .. Enumerable.Range(0, 0x20).Select(value => (byte)value)]);

    /// <summary>Writes a value with its quotes. False when it is not UTF-8, which JSON cannot carry.</summary>
    public static bool TryWrite(AnswerBuffer answer, ReadOnlySpan<byte> utf8)
    {
        if (!Utf8.IsValid(utf8))
        {
            return false;
        }

        answer.Write("\""u8);
        while (true)
        {
            var clean = utf8.IndexOfAny(Escaped);
            if (clean < 0)
            {
                answer.Write(utf8);
                answer.Write("\""u8);
                return true;
            }

            answer.Write(utf8[..clean]);
            WriteEscape(answer, utf8[clean]);
            utf8 = utf8[(clean + 1)..];
        }
    }

    private static void WriteEscape(AnswerBuffer answer, byte value)
    {
        var destination = answer.Reserve(LongestEscape);
        if (answer.HasOverflowed)
        {
            return;
        }

        destination[0] = (byte)'\\';
        var letter = value switch
        {
            (byte)'\b' => (byte)'b',
            (byte)'\f' => (byte)'f',
            (byte)'\n' => (byte)'n',
            (byte)'\r' => (byte)'r',
            (byte)'\t' => (byte)'t',
            (byte)'"' or (byte)'\\' => value,
            _ => (byte)0,
        };
        if (letter != 0)
        {
            destination[1] = letter;
            answer.Advance(2);
            return;
        }

        "u00"u8.CopyTo(destination[1..]);
        destination[4] = "0123456789abcdef"u8[value >> 4];
        destination[5] = "0123456789abcdef"u8[value & 15];
        answer.Advance(LongestEscape);
    }
}
