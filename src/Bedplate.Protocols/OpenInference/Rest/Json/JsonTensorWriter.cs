using System.Diagnostics;
using System.Runtime.InteropServices;
using Bedplate.Tensors;

namespace Bedplate.Protocols.OpenInference.Rest.Json;

/// <summary>Writes a tensor's elements as a flat JSON array.</summary>
internal static class JsonTensorWriter
{
    // Elements for which room is made at a time: few enough for the answer's own array.
    private const int BlockLength = 64;

    /// <summary>
    /// Writes the array. Whole numbers are exact, floats the shortest text that reads back as the same value, and what
    /// is no number the string "NaN", "Infinity" or "-Infinity". Returns the index of an element that is no UTF-8
    /// text, or −1.
    /// </summary>
    public static long Write(AnswerBuffer answer, in Tensor tensor)
    {
        Debug.Assert(JsonTensor.Carries(tensor.Type), "16-bit floats were refused before the run.");
        if (tensor.ByteLength > int.MaxValue)
        {
            answer.SetTooLarge();
            return -1;
        }

        var bytes = tensor.Bytes;
        var unwritable = -1L;
        answer.Write("["u8);
        switch (tensor.Type)
        {
            case DataType.Bool:
                Write<byte, JsonFormats.Boolean>(answer, bytes);
                break;
            case DataType.UInt8:
                Write<byte, JsonFormats.Integer<byte>>(answer, bytes);
                break;
            case DataType.UInt16:
                Write<ushort, JsonFormats.Integer<ushort>>(answer, bytes);
                break;
            case DataType.UInt32:
                Write<uint, JsonFormats.Integer<uint>>(answer, bytes);
                break;
            case DataType.UInt64:
                Write<ulong, JsonFormats.Integer<ulong>>(answer, bytes);
                break;
            case DataType.Int8:
                Write<sbyte, JsonFormats.Integer<sbyte>>(answer, bytes);
                break;
            case DataType.Int16:
                Write<short, JsonFormats.Integer<short>>(answer, bytes);
                break;
            case DataType.Int32:
                Write<int, JsonFormats.Integer<int>>(answer, bytes);
                break;
            case DataType.Int64:
                Write<long, JsonFormats.Integer<long>>(answer, bytes);
                break;
            case DataType.Float32:
                Write<float, JsonFormats.Single>(answer, bytes);
                break;
            case DataType.Float64:
                Write<double, JsonFormats.Double>(answer, bytes);
                break;
            default:
                unwritable = WriteStrings(answer, bytes);
                break;
        }

        answer.Write("]"u8);
        return unwritable;
    }

    private static void Write<T, TFormat>(AnswerBuffer answer, ReadOnlySpan<byte> bytes)
        where T : unmanaged
        where TFormat : struct, IJsonFormat<T>
    {
        var elements = MemoryMarshal.Cast<byte, T>(bytes);
        for (var done = 0; done < elements.Length; done += BlockLength)
        {
            var block = elements.Slice(done, Math.Min(BlockLength, elements.Length - done));
            var destination = answer.Reserve(block.Length * (TFormat.MaxLength + 1));
            if (answer.HasOverflowed)
            {
                return;
            }

            var used = 0;
            foreach (var element in block)
            {
                used += TFormat.Write(element, destination[used..]);
                destination[used++] = (byte)',';
            }

            // Behind the last element of all there is no comma.
            answer.Advance(done + block.Length == elements.Length ? used - 1 : used);
        }
    }

    private static long WriteStrings(AnswerBuffer answer, ReadOnlySpan<byte> bytes)
    {
        for (var index = 0L; BytesLayout.TryReadElement(ref bytes, out var element); index++)
        {
            if (index > 0)
            {
                answer.Write(","u8);
            }

            if (!JsonStrings.TryWrite(answer, element))
            {
                return index;
            }
        }

        return -1;
    }
}
