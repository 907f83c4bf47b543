using System.Buffers.Binary;
using Bedplate.Tensors;

namespace Bedplate.Bench.Clients.OpenInference;

/// <summary>
/// InferTensorContents, the typed form of a tensor: bool = 1, int = 2, int64 = 3, uint = 4, uint64 = 5, fp32 = 6,
/// fp64 = 7, bytes = 8. Types narrower than 32 bits travel in the 32-bit lists.
/// </summary>
internal static class GrpcTensorContents
{
    /// <summary>The elements in the binary layout.</summary>
    /// <exception cref="InvalidDataException">The bytes are no such message.</exception>
    public static byte[] Read(ReadOnlySpan<byte> message, DataType type)
    {
        using var bytes = new MemoryStream();
        var reader = new ProtobufReader(message);
        while (reader.Next())
        {
            if (type == DataType.Bytes)
            {
                WritePrefixed(bytes, reader.Bytes);
            }
            else if (!reader.IsBytes)
            {
                WriteNumber(bytes, reader.Number, type);
            }
            else if (type is DataType.Float32 or DataType.Float64)
            {
                // Packed fixed-size numbers are the binary layout already.
                bytes.Write(reader.Bytes);
            }
            else
            {
                var packed = new ProtobufReader(reader.Bytes);
                while (packed.NextPacked(out var number))
                {
                    WriteNumber(bytes, number, type);
                }
            }
        }

        return bytes.ToArray();
    }

    private static void WriteNumber(MemoryStream bytes, ulong number, DataType type)
    {
        Span<byte> value = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(value, number);
        bytes.Write(value[..type.ByteSize()]);
    }

    private static void WritePrefixed(MemoryStream bytes, ReadOnlySpan<byte> element)
    {
        Span<byte> prefix = stackalloc byte[BytesLayout.PrefixSize];
        BinaryPrimitives.WriteInt32LittleEndian(prefix, element.Length);
        bytes.Write(prefix);
        bytes.Write(element);
    }
}
