using System.Buffers;

namespace Bedplate.Tests.Fuzz.Engine;

/// <summary>Sequences whose segments are cut at random, as a pipe's may be.</summary>
internal static class Segments
{
    /// <summary>The bytes in one segment, or in many.</summary>
    public static ReadOnlySequence<byte> Cut(ReadOnlyMemory<byte> bytes, Random random)
    {
        if (random.Next(3) == 0 || bytes.IsEmpty)
        {
            return new ReadOnlySequence<byte>(bytes);
        }

        Segment? first = null;
        Segment? last = null;
        while (!bytes.IsEmpty)
        {
            var length = Math.Min(bytes.Length, 1 + random.Next(random.Next(2) == 0 ? 3 : 60));
            last = new Segment(bytes[..length], last);
            first ??= last;
            bytes = bytes[length..];
        }

        return new ReadOnlySequence<byte>(first!, 0, last!, last!.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? previous)
        {
            Memory = memory;
            if (previous is not null)
            {
                RunningIndex = previous.RunningIndex + previous.Memory.Length;
                previous.Next = this;
            }
        }
    }
}
