using System.Buffers;
using System.Numerics;

namespace Bedplate.Protocols.Grpc.Wire;

/// <summary>
/// Reading and sizing of protobuf's wire format (protobuf.dev, Encoding). Each read takes a piece as a whole or leaves
/// the reader where it was, so that a message can be read as it arrives.
/// </summary>
internal static class ProtobufWire
{
    /// <summary>Most bytes of a varint.</summary>
    public const int MaxVarintBytes = 10;

    // A group's end is found only by reading it. Groups were gone before this protocol was; one that is unknown here
    // is skipped for as long as it is small, so that waiting for its end cannot be made to cost.
    private const int MaxGroupBytes = 16 << 10;
    private const int MaxGroupDepth = 100;
    private const int MaxTagBytes = 5;

    /// <summary>The tag of a field.</summary>
    public static uint Tag(int field, WireType type) => ((uint)field << 3) | (uint)type;

    /// <summary>The field number of a tag.</summary>
    public static int FieldOf(uint tag) => (int)(tag >> 3);

    /// <summary>The wire type of a tag.</summary>
    public static WireType TypeOf(uint tag) => (WireType)(tag & 7);

    /// <summary>Bytes a number takes as a varint.</summary>
    public static int SizeOfVarint(ulong value) => (BitOperations.Log2(value | 1) * 9 + 73) / 64;

    /// <summary>Writes a varint and returns the bytes used.</summary>
    public static int WriteVarint(Span<byte> destination, ulong value)
    {
        var index = 0;
        while (value >= 0x80)
        {
            destination[index++] = (byte)(value | 0x80);
            value >>= 7;
        }

        destination[index++] = (byte)value;
        return index;
    }

    /// <summary>Reads a varint; bits beyond 64 are dropped, as every implementation does.</summary>
    public static WireRead ReadVarint(ref SequenceReader<byte> reader, out ulong value)
    {
        var span = reader.UnreadSpan;
        if (!span.IsEmpty && span[0] < 0x80)
        {
            value = span[0];
            reader.Advance(1);
            return WireRead.Ok;
        }

        var read = ReadVarint(span, out value, out var length);
        if (read == WireRead.NeedMore && reader.Remaining > span.Length)
        {
            return ReadVarintAcrossSegments(ref reader, out value);
        }

        if (read == WireRead.Ok)
        {
            reader.Advance(length);
        }

        return read;
    }

    /// <summary>Reads a varint at the start of contiguous bytes.</summary>
    public static WireRead ReadVarint(ReadOnlySpan<byte> bytes, out ulong value, out int length)
    {
        value = 0;
        for (var i = 0; i < MaxVarintBytes; i++)
        {
            if (i == bytes.Length)
            {
                length = 0;
                return WireRead.NeedMore;
            }

            value |= (ulong)(bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] < 0x80)
            {
                length = i + 1;
                return WireRead.Ok;
            }
        }

        length = 0;
        return WireRead.LongVarint;
    }

    /// <summary>Reads a tag.</summary>
    public static WireRead ReadTag(ref SequenceReader<byte> reader, out uint tag)
    {
        var start = reader.Consumed;
        var read = ReadVarint(ref reader, out var value);
        tag = (uint)value;
        if (read != WireRead.Ok)
        {
            return read;
        }

        var isValid = value <= uint.MaxValue && FieldOf(tag) != 0 && TypeOf(tag) <= WireType.Fixed32;
        return isValid && reader.Consumed - start <= MaxTagBytes ? WireRead.Ok : WireRead.BadTag;
    }

    /// <summary>
    /// Reads a tag and, for a length-delimited field, the length. <paramref name="left"/> is how many bytes the
    /// enclosing message still has from here.
    /// </summary>
    public static WireRead ReadField(ref SequenceReader<byte> reader, long left, out uint tag, out int length)
    {
        var start = reader.Consumed;
        length = 0;
        var read = ReadTag(ref reader, out tag);
        if (read == WireRead.Ok && TypeOf(tag) == WireType.LengthDelimited)
        {
            read = ReadVarint(ref reader, out var value);
            if (read == WireRead.Ok)
            {
                if (value > int.MaxValue)
                {
                    return WireRead.BadLength;
                }

                length = (int)value;
            }
        }

        var consumed = reader.Consumed - start;
        if (read == WireRead.NeedMore)
        {
            // What is there reaches past the end already when the message is shorter than what has arrived.
            var isPastEnd = consumed + reader.Remaining > left;
            reader.Rewind(consumed);
            return isPastEnd ? WireRead.PastEnd : WireRead.NeedMore;
        }

        return read == WireRead.Ok && consumed + length > left ? WireRead.PastEnd : read;
    }

    /// <summary>Skips the value of an unknown field that is not length-delimited, after its tag.</summary>
    public static WireRead SkipValue(ref SequenceReader<byte> reader, uint tag) => TypeOf(tag) switch
    {
        WireType.Varint => ReadVarint(ref reader, out _),
        WireType.Fixed64 => Skip(ref reader, sizeof(ulong)),
        WireType.Fixed32 => Skip(ref reader, sizeof(uint)),
        WireType.StartGroup => SkipGroup(ref reader, FieldOf(tag)),
        _ => WireRead.BadGroup,
    };

    private static WireRead Skip(ref SequenceReader<byte> reader, int count)
    {
        if (reader.Remaining < count)
        {
            return WireRead.NeedMore;
        }

        reader.Advance(count);
        return WireRead.Ok;
    }

    private static WireRead SkipGroup(ref SequenceReader<byte> reader, int field)
    {
        Span<int> open = stackalloc int[MaxGroupDepth];
        open[0] = field;
        var depth = 1;
        var start = reader.Consumed;
        while (depth > 0)
        {
            var read = ReadField(ref reader, long.MaxValue, out var tag, out var length);
            if (read == WireRead.Ok)
            {
                switch (TypeOf(tag))
                {
                    case WireType.StartGroup when depth == MaxGroupDepth:
                        return WireRead.BadGroup;
                    case WireType.StartGroup:
                        open[depth++] = FieldOf(tag);
                        break;
                    case WireType.EndGroup when open[--depth] != FieldOf(tag):
                        return WireRead.BadGroup;
                    case WireType.EndGroup:
                        break;
                    case WireType.LengthDelimited:
                        read = Skip(ref reader, length);
                        break;
                    default:
                        read = SkipValue(ref reader, tag);
                        break;
                }
            }

            var consumed = reader.Consumed - start;
            if (read == WireRead.NeedMore)
            {
                var isTooLarge = consumed + reader.Remaining > MaxGroupBytes;
                reader.Rewind(consumed);
                return isTooLarge ? WireRead.BadGroup : WireRead.NeedMore;
            }

            if (read != WireRead.Ok)
            {
                return read;
            }
        }

        return WireRead.Ok;
    }

    private static WireRead ReadVarintAcrossSegments(ref SequenceReader<byte> reader, out ulong value)
    {
        Span<byte> bytes = stackalloc byte[MaxVarintBytes];
        var available = (int)Math.Min(MaxVarintBytes, reader.Remaining);
        reader.TryCopyTo(bytes[..available]);
        var read = ReadVarint(bytes[..available], out value, out var length);
        if (read == WireRead.Ok)
        {
            reader.Advance(length);
        }

        return read;
    }
}
