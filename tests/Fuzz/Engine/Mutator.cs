using System.Buffers.Binary;

namespace Bedplate.Tests.Fuzz.Engine;

/// <summary>Changes inputs in ways that parsers have been wrong about.</summary>
internal static class Mutator
{
    private const int LongestInput = 64 << 10;

    private static readonly long[] Interesting =
    [
        0, 1, -1, 2, 4, 5, 7, 8, 9, 16, 100, 127, 128, -128, -129, 255, 256, 1024, 4096, 10_000, 10_001, 32767, 32768, 65535, 65536,
        int.MaxValue, int.MinValue, uint.MaxValue, 1L << 32, long.MaxValue, long.MinValue, long.MaxValue / 8,
    ];

    /// <summary>Makes one to four changes.</summary>
    public static byte[] Mutate(Random random, byte[] input, byte[] other, IReadOnlyList<byte[]> tokens)
    {
        List<byte> bytes = [.. input];
        for (var changes = random.Next(1, 5); changes > 0; changes--)
        {
            Change(random, bytes, other, tokens);
        }

        return bytes.Count <= LongestInput ? [.. bytes] : [.. bytes.Take(LongestInput)];
    }

    private static void Change(Random random, List<byte> bytes, byte[] other, IReadOnlyList<byte[]> tokens)
    {
        if (bytes.Count == 0)
        {
            bytes.AddRange(tokens[random.Next(tokens.Count)]);
            return;
        }

        var at = random.Next(bytes.Count);
        switch (random.Next(11))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2:
                bytes.RemoveRange(at, random.Next(1, Math.Min(bytes.Count - at, random.Next(4) == 0 ? 200 : 6) + 1));
                break;
            case 3:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 4:
                Duplicate(random, bytes, at);
                break;
            case 5 or 6:
                bytes.InsertRange(at, tokens[random.Next(tokens.Count)]);
                break;
            case 7:
                Overwrite(bytes, at, Number(random));
                break;
            case 8:
                Nest(random, bytes, at);
                break;
            case 9:
                ReplaceNumber(random, bytes, at);
                break;
            default:
                Splice(random, bytes, at, other);
                break;
        }
    }

    // Once mostly; many times in a row finds what is bounded by a count.
    private static void Duplicate(Random random, List<byte> bytes, int at)
    {
        var piece = bytes.GetRange(at, random.Next(1, Math.Min(bytes.Count - at, 60) + 1));
        for (var times = random.Next(12) == 0 ? random.Next(2, 300) : 1; times > 0; times--)
        {
            bytes.InsertRange(at, piece);
        }
    }

    // What stands in brackets, or a bracket alone, in many brackets of its kind.
    private static void Nest(Random random, List<byte> bytes, int at)
    {
        var (open, close) = random.Next(3) switch
        {
            0 => ('[', ']'),
            1 => ('{', '}'),
            _ => ('<', '>'),
        };
        var start = bytes.IndexOf((byte)open, at);
        var end = start < 0 ? -1 : bytes.IndexOf((byte)close, start);
        var depth = random.Next(3) == 0 ? random.Next(90, 110) : random.Next(1, 40);
        if (end < 0)
        {
            bytes.InsertRange(at, Enumerable.Repeat((byte)open, depth));
            return;
        }

        bytes.InsertRange(end + 1, Enumerable.Repeat((byte)close, depth));
        bytes.InsertRange(start, Enumerable.Repeat((byte)open, depth));
    }

    private static void ReplaceNumber(Random random, List<byte> bytes, int at)
    {
        var start = bytes.FindIndex(at, value => char.IsAsciiDigit((char)value));
        if (start < 0)
        {
            return;
        }

        var end = bytes.FindIndex(start, value => !char.IsAsciiDigit((char)value));
        bytes.RemoveRange(start, (end < 0 ? bytes.Count : end) - start);
        bytes.InsertRange(start, System.Text.Encoding.ASCII.GetBytes($"{Interesting[random.Next(Interesting.Length)]}"));
    }

    private static void Splice(Random random, List<byte> bytes, int at, byte[] other)
    {
        if (other.Length == 0)
        {
            return;
        }

        var start = random.Next(other.Length);
        var piece = other.AsSpan(start, random.Next(1, other.Length - start + 1)).ToArray();
        if (random.Next(2) == 0)
        {
            bytes.RemoveRange(at, Math.Min(piece.Length, bytes.Count - at));
        }

        bytes.InsertRange(at, piece);
    }

    private static byte[] Number(Random random)
    {
        var value = Interesting[random.Next(Interesting.Length)];
        var bytes = new byte[8];
        var width = 1 << random.Next(4);
        if (random.Next(2) == 0)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
            return bytes[..width];
        }

        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes[(8 - width)..];
    }

    private static void Overwrite(List<byte> bytes, int at, byte[] value)
    {
        for (var i = 0; i < value.Length && at + i < bytes.Count; i++)
        {
            bytes[at + i] = value[i];
        }
    }
}
