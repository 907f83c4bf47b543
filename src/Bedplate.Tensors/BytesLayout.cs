using System.Buffers.Binary;

namespace Bedplate.Tensors;

/// <summary>
/// The binary layout of <see cref="DataType.Bytes"/> tensors (Open Inference Protocol, binary tensor data): each
/// element is a 4-byte little-endian length followed by that many bytes, elements in row-major order, no padding.
/// </summary>
public static class BytesLayout
{
    /// <summary>Bytes in front of each element.</summary>
    public const int PrefixSize = 4;

    /// <summary>
    /// Takes the next element off <paramref name="remaining"/>. False when there is no whole element: the length is
    /// cut off, or it points past the end.
    /// </summary>
    public static bool TryReadElement(ref ReadOnlySpan<byte> remaining, out ReadOnlySpan<byte> element)
    {
        if (remaining.Length < PrefixSize)
        {
            element = default;
            return false;
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(remaining);
        if (length > (uint)(remaining.Length - PrefixSize))
        {
            element = default;
            return false;
        }

        element = remaining.Slice(PrefixSize, (int)length);
        remaining = remaining[(PrefixSize + (int)length)..];
        return true;
    }

    /// <summary>Writes one element and returns the bytes used; <paramref name="destination"/> must hold prefix and element.</summary>
    public static int WriteElement(Span<byte> destination, ReadOnlySpan<byte> element)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, (uint)element.Length);
        element.CopyTo(destination[PrefixSize..]);
        return PrefixSize + element.Length;
    }

    /// <summary>Counts the elements, or returns −1 when the bytes do not end where the last element ends.</summary>
    public static long CountElements(ReadOnlySpan<byte> data)
    {
        long count = 0;
        while (!data.IsEmpty)
        {
            if (!TryReadElement(ref data, out _))
            {
                return -1;
            }

            count++;
        }

        return count;
    }
}
