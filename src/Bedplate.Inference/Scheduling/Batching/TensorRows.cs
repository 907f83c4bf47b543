using System.Diagnostics.CodeAnalysis;
using Bedplate.Tensors;

namespace Bedplate.Inference.Scheduling.Batching;

/// <summary>Puts the rows of several tensors together along one dimension, and takes them apart again.</summary>
internal static unsafe class TensorRows
{
    /// <summary>
    /// One tensor with the rows of all parts, in order, in memory of its own. The parts have equal type and shape
    /// apart from <paramref name="axis"/>. False when the pool has no room.
    /// </summary>
    public static bool TryJoin(ReadOnlySpan<Tensor> parts, int axis, TensorMemoryPool pool, out Tensor joined)
    {
        long bytes = 0;
        long rows = 0;
        foreach (ref readonly var part in parts)
        {
            bytes += part.ByteLength;
            rows += part.Shape[axis];
        }

        if (pool.TryRent(bytes) is not { } buffer)
        {
            joined = default;
            return false;
        }

        var shape = parts[0].Shape;
        var outer = shape.ProductOf(0, axis);
        shape[axis] = rows;
        var destination = buffer.Pointer;
        for (long block = 0; block < outer; block++)
        {
            foreach (ref readonly var part in parts)
            {
                var length = part.ByteLength / outer;
                Buffer.MemoryCopy(part.Pointer + block * length, destination, length, length);
                destination += length;
            }
        }

        joined = new Tensor(parts[0].Type, shape, buffer, bytes);
        return true;
    }

    /// <summary>
    /// The rows from <paramref name="firstRow"/> on, as a tensor that holds a reference of its own: a slice of the
    /// same buffer where rows lie together (dimension 0), a copy otherwise. False when the pool has no room for one.
    /// </summary>
    /// <param name="whole">The tensor to take from; keeps its own reference.</param>
    /// <param name="axis">The dimension that counts rows.</param>
    /// <param name="firstRow">First row to take.</param>
    /// <param name="rowCount">Rows to take.</param>
    /// <param name="cursor">Byte position of <paramref name="firstRow"/> for strings, whose rows vary in length; moved on.</param>
    /// <param name="pool">Where a copy is made.</param>
    /// <param name="part">The rows.</param>
    public static bool TrySlice(
        in Tensor whole, int axis, long firstRow, long rowCount, ref long cursor, TensorMemoryPool pool, out Tensor part)
    {
        var shape = whole.Shape;
        var totalRows = shape[axis];
        shape[axis] = rowCount;
        if (whole.Type == DataType.Bytes)
        {
            return TrySliceStrings(whole, axis, shape, ref cursor, out part);
        }

        if (totalRows == 0)
        {
            part = Share(whole, shape, 0, 0);
            return true;
        }

        if (axis == 0)
        {
            var rowBytes = whole.ByteLength / totalRows;
            part = Share(whole, shape, firstRow * rowBytes, rowCount * rowBytes);
            return true;
        }

        var outer = shape.ProductOf(0, axis);
        var wholeBlock = outer == 0 ? 0 : whole.ByteLength / outer;
        var rowLength = wholeBlock / totalRows;
        var length = rowLength * rowCount;
        if (pool.TryRent(length * outer) is not { } buffer)
        {
            part = default;
            return false;
        }

        for (long block = 0; block < outer; block++)
        {
            Buffer.MemoryCopy(
                whole.Pointer + block * wholeBlock + firstRow * rowLength, buffer.Pointer + block * length, length, length);
        }

        part = new Tensor(whole.Type, shape, buffer, length * outer);
        return true;
    }

    /// <summary>The whole tensor for a further holder.</summary>
    public static Tensor Share(in Tensor whole) => Share(whole, whole.Shape, 0, whole.ByteLength);

    private static Tensor Share(in Tensor whole, in TensorShape shape, long offset, long length)
    {
        whole.Buffer!.Retain();
        return new Tensor(whole.Type, shape, whole.Buffer, length, whole.ByteOffset + offset);
    }

    private static bool TrySliceStrings(in Tensor whole, int axis, in TensorShape shape, ref long cursor, out Tensor part)
    {
        // Strings have no common length to step by; only consecutive rows can be walked.
        if (axis != 0 || !shape.TryGetElementCount(out var elements))
        {
            part = default;
            return false;
        }

        var remaining = whole.Bytes[(int)cursor..];
        var start = remaining.Length;
        for (long i = 0; i < elements; i++)
        {
            if (!BytesLayout.TryReadElement(ref remaining, out _))
            {
                part = default;
                return false;
            }
        }

        var length = start - remaining.Length;
        part = Share(whole, shape, cursor, length);
        cursor += length;
        return true;
    }
}
