using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Protocols.OpenInference.Classification;

/// <summary>
/// The highest elements of one row, the highest first; of equal ones the first. What is no number is lower than any.
/// </summary>
internal readonly unsafe ref struct ClassRanking(byte* elements, int elementCount, int count, ClassLabels? labels)
{
    // "-" and the digits of the type's largest number, and of real ones a point and six decimals, as C writes "%f".
    private const int MostDigitsOfInteger = 20;
    private const int MostDigitsOfSingle = 1 + 39 + 7;
    private const int MostDigitsOfDouble = 1 + 309 + 7;
    private const int MostDigitsOfIndex = 10;

    /// <summary>Whether elements of a type can be ranked: whole and real numbers of .NET's own types.</summary>
    public static bool CanRank(DataType type) => type is
        DataType.UInt8 or DataType.UInt16 or DataType.UInt32 or DataType.UInt64
        or DataType.Int8 or DataType.Int16 or DataType.Int32 or DataType.Int64
        or DataType.Float16 or DataType.Float32 or DataType.Float64;

    /// <summary>Bytes that the text of one class has at the most.</summary>
    public static int MostTextBytes(DataType type, ClassLabels? labels) =>
        type switch
        {
            DataType.Float64 => MostDigitsOfDouble,
            DataType.Float16 or DataType.Float32 => MostDigitsOfSingle,
            _ => MostDigitsOfInteger,
        }
        + 1 + MostDigitsOfIndex + (labels is null ? 0 : 1 + labels.LongestBytes);

    /// <summary>Writes the classes as elements of a BYTES tensor, for which there is room; the number of bytes.</summary>
    public long Write(DataType type, byte* destination)
    {
        var most = MostTextBytes(type, labels);
        return type switch
        {
            DataType.UInt8 => Write<byte>(destination, most),
            DataType.UInt16 => Write<ushort>(destination, most),
            DataType.UInt32 => Write<uint>(destination, most),
            DataType.UInt64 => Write<ulong>(destination, most),
            DataType.Int8 => Write<sbyte>(destination, most),
            DataType.Int16 => Write<short>(destination, most),
            DataType.Int32 => Write<int>(destination, most),
            DataType.Int64 => Write<long>(destination, most),
            DataType.Float16 => Write<Half>(destination, most),
            DataType.Float32 => Write<float>(destination, most),
            DataType.Float64 => Write<double>(destination, most),
            _ => throw new UnreachableException(),
        };
    }

    private long Write<T>(byte* destination, int mostTextBytes)
        where T : unmanaged, INumber<T>
    {
        var values = new ReadOnlySpan<T>(elements, elementCount);
        var start = destination;
        foreach (var index in Rank(values))
        {
            var text = new Span<byte>(destination + BytesLayout.PrefixSize, mostTextBytes);
            var length = Format(values[index], text);
            text[length++] = (byte)':';
            index.TryFormat(text[length..], out var digits, provider: CultureInfo.InvariantCulture);
            length += digits;
            if (labels is not null && labels.TryGet(index, out var label))
            {
                text[length++] = (byte)':';
                label.CopyTo(text[length..]);
                length += label.Length;
            }

            BinaryPrimitives.WriteUInt32LittleEndian(new Span<byte>(destination, BytesLayout.PrefixSize), (uint)length);
            destination += BytesLayout.PrefixSize + length;
        }

        return destination - start;
    }

    // Keeps the highest of those it has seen, the lowest of them at hand.
    private int[] Rank<T>(ReadOnlySpan<T> values)
        where T : INumber<T>
    {
        var highest = new PriorityQueue<int, (T Value, int Index)>(count, LowestFirst<T>.Instance);
        for (var i = 0; i < values.Length; i++)
        {
            if (highest.Count < count)
            {
                highest.Enqueue(i, (values[i], i));
            }
            else
            {
                highest.EnqueueDequeue(i, (values[i], i));
            }
        }

        var ranked = new int[count];
        for (var i = count - 1; i >= 0; i--)
        {
            ranked[i] = highest.Dequeue();
        }

        return ranked;
    }

    private static int Format<T>(T value, Span<byte> destination)
        where T : INumber<T>
    {
        int length;
        if (value is not (Half or float or double))
        {
            value.TryFormat(destination, out length, default, CultureInfo.InvariantCulture);
            return length;
        }

        if (!T.IsFinite(value))
        {
            var name = T.IsNaN(value) ? "nan"u8 : T.IsPositive(value) ? "inf"u8 : "-inf"u8;
            name.CopyTo(destination);
            return name.Length;
        }

        double.CreateChecked(value).TryFormat(destination, out length, "F6", CultureInfo.InvariantCulture);
        return length;
    }

    private sealed class LowestFirst<T> : IComparer<(T Value, int Index)>
        where T : INumber<T>
    {
        public static readonly LowestFirst<T> Instance = new();

        public int Compare((T Value, int Index) left, (T Value, int Index) right)
        {
            var byValue = left.Value.CompareTo(right.Value);
            return byValue != 0 ? byValue : right.Index.CompareTo(left.Index);
        }
    }
}
