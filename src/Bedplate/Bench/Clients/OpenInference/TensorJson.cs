using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Bedplate.Tensors;

namespace Bedplate.Bench.Clients.OpenInference;

/// <summary>
/// Tensor elements as JSON: numbers, booleans and strings, nested by dimension or flat, row-major. FP16 and BF16 are
/// read (from input files) but never written: the protocol has them in binary only.
/// </summary>
internal static class TensorJson
{
    /// <summary>Whether the protocol's JSON can carry the type.</summary>
    public static bool CanCarry(DataType type) => type is not (DataType.Float16 or DataType.BFloat16 or DataType.Invalid);

    /// <summary>Writes the elements as one flat array.</summary>
    /// <exception cref="FormatException">An element has no JSON form: NaN, an infinity, or bytes that are not UTF-8.</exception>
    public static void Write(Utf8JsonWriter json, NamedTensor tensor)
    {
        json.WriteStartArray();
        ReadOnlySpan<byte> rest = tensor.Data;
        for (var index = 0L; !rest.IsEmpty; index++)
        {
            if (tensor.Type == DataType.Bytes)
            {
                if (!BytesLayout.TryReadElement(ref rest, out var element) || !System.Text.Unicode.Utf8.IsValid(element))
                {
                    throw new FormatException($"element {index} of '{tensor.Name}' is not UTF-8, which JSON must be");
                }

                json.WriteStringValue(element);
                continue;
            }

            WriteNumber(json, tensor, rest, index);
            rest = rest[tensor.Type.ByteSize()..];
        }

        json.WriteEndArray();
    }

    /// <summary>Reads elements, nested or flat, into the binary layout.</summary>
    /// <exception cref="FormatException">An element is not of the type; the message has its index.</exception>
    public static byte[] Read(JsonElement data, DataType type)
    {
        if (data.ValueKind != JsonValueKind.Array)
        {
            throw new FormatException($"the data is not an array but {data.ValueKind}");
        }

        using var bytes = new MemoryStream();
        var index = 0L;
        ReadArray(data, type, bytes, ref index);
        return bytes.ToArray();
    }

    private static void ReadArray(JsonElement array, DataType type, MemoryStream bytes, ref long index)
    {
        foreach (var element in array.EnumerateArray())
        {
            if (element.ValueKind == JsonValueKind.Array)
            {
                // The depth is bounded by the reader's own limit of 64.
                ReadArray(element, type, bytes, ref index);
                continue;
            }

            ReadElement(element, type, bytes, index++);
        }
    }

    private static void ReadElement(JsonElement element, DataType type, MemoryStream bytes, long index)
    {
        Span<byte> value = stackalloc byte[8];
        var fits = type switch
        {
            DataType.Bytes => element.ValueKind == JsonValueKind.String,
            DataType.Bool => element.ValueKind is JsonValueKind.True or JsonValueKind.False || IsZeroOrOne(element),
            _ => element.ValueKind == JsonValueKind.Number && TryNumber(element, type, value),
        };
        if (!fits)
        {
            throw new FormatException($"element {index} is {Shorten(element.GetRawText())}, which is no {type.WireName()}");
        }

        switch (type)
        {
            case DataType.Bytes:
                var text = Encoding.UTF8.GetBytes(element.GetString()!);
                BinaryPrimitives.WriteInt32LittleEndian(value, text.Length);
                bytes.Write(value[..BytesLayout.PrefixSize]);
                bytes.Write(text);
                break;
            case DataType.Bool:
                var isTrue = element.ValueKind == JsonValueKind.Number
                    ? element.GetInt32() == 1
                    : element.ValueKind == JsonValueKind.True;
                bytes.WriteByte(isTrue ? (byte)1 : (byte)0);
                break;
            default:
                bytes.Write(value[..type.ByteSize()]);
                break;
        }
    }

    private static bool IsZeroOrOne(JsonElement element) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out var number) && number is 0 or 1;

    private static bool TryNumber(JsonElement element, DataType type, Span<byte> value)
    {
        switch (type)
        {
            case DataType.Float32:
                BinaryPrimitives.WriteSingleLittleEndian(value, (float)element.GetDouble());
                return true;
            case DataType.Float64:
                BinaryPrimitives.WriteDoubleLittleEndian(value, element.GetDouble());
                return true;
            case DataType.Float16:
                BinaryPrimitives.WriteHalfLittleEndian(value, (Half)element.GetDouble());
                return true;
            case DataType.BFloat16:
                BinaryPrimitives.WriteUInt16LittleEndian(value, BFloat16Bits((float)element.GetDouble()));
                return true;
            case DataType.UInt64:
                return element.TryGetUInt64(out var unsigned) && BinaryPrimitives.TryWriteUInt64LittleEndian(value, unsigned);
        }

        if (!element.TryGetInt64(out var number))
        {
            return false;
        }

        // Little-endian: the low bytes of the 64-bit value are the narrower one.
        BinaryPrimitives.WriteInt64LittleEndian(value, number);
        return type switch
        {
            DataType.UInt8 => number is >= byte.MinValue and <= byte.MaxValue,
            DataType.UInt16 => number is >= ushort.MinValue and <= ushort.MaxValue,
            DataType.UInt32 => number is >= uint.MinValue and <= uint.MaxValue,
            DataType.Int8 => number is >= sbyte.MinValue and <= sbyte.MaxValue,
            DataType.Int16 => number is >= short.MinValue and <= short.MaxValue,
            DataType.Int32 => number is >= int.MinValue and <= int.MaxValue,
            DataType.Int64 => true,
            _ => false,
        };
    }

    private static void WriteNumber(Utf8JsonWriter json, NamedTensor tensor, ReadOnlySpan<byte> bytes, long index)
    {
        switch (tensor.Type)
        {
            case DataType.Bool:
                json.WriteBooleanValue(bytes[0] != 0);
                break;
            case DataType.UInt8:
                json.WriteNumberValue((uint)bytes[0]);
                break;
            case DataType.Int8:
                json.WriteNumberValue((sbyte)bytes[0]);
                break;
            case DataType.UInt16:
                json.WriteNumberValue((uint)BinaryPrimitives.ReadUInt16LittleEndian(bytes));
                break;
            case DataType.Int16:
                json.WriteNumberValue(BinaryPrimitives.ReadInt16LittleEndian(bytes));
                break;
            case DataType.UInt32:
                json.WriteNumberValue(BinaryPrimitives.ReadUInt32LittleEndian(bytes));
                break;
            case DataType.Int32:
                json.WriteNumberValue(BinaryPrimitives.ReadInt32LittleEndian(bytes));
                break;
            case DataType.UInt64:
                json.WriteNumberValue(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
                break;
            case DataType.Int64:
                json.WriteNumberValue(BinaryPrimitives.ReadInt64LittleEndian(bytes));
                break;
            case DataType.Float32 when float.IsFinite(BinaryPrimitives.ReadSingleLittleEndian(bytes)):
                json.WriteNumberValue(BinaryPrimitives.ReadSingleLittleEndian(bytes));
                break;
            case DataType.Float64 when double.IsFinite(BinaryPrimitives.ReadDoubleLittleEndian(bytes)):
                json.WriteNumberValue(BinaryPrimitives.ReadDoubleLittleEndian(bytes));
                break;
            default:
                throw new FormatException($"element {index} of '{tensor.Name}' has no form in JSON; use the binary format");
        }
    }

    // Rounds to nearest, ties to even, as a conversion from binary32 does.
    private static ushort BFloat16Bits(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)0x7FC0 : (ushort)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    }

    private static string Shorten(string text) =>
        text.Length <= 40 ? text : string.Create(CultureInfo.InvariantCulture, $"{text.AsSpan(0, 40)}…");
}
