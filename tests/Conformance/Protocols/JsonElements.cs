using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Bedplate.Tensors;

namespace Bedplate.Tests.Conformance.Protocols;

/// <summary>A tensor's elements as JSON, by .NET's own reader and writer: nothing of the server's is used to check it.</summary>
internal static class JsonElements
{
    /// <summary>Whether JSON can carry the type (Open Inference Protocol: all but the 16-bit floats).</summary>
    public static bool Carries(DataType type) => type is not (DataType.Float16 or DataType.BFloat16);

    /// <summary>Writes the elements into the array that was begun.</summary>
    public static void Write(Utf8JsonWriter writer, TensorValue tensor)
    {
        switch (tensor.Type)
        {
            case DataType.Bool:
                WriteAll<byte>(tensor, value => writer.WriteBooleanValue(value != 0));
                break;
            case DataType.UInt8:
                WriteAll<byte>(tensor, value => writer.WriteNumberValue((uint)value));
                break;
            case DataType.UInt16:
                WriteAll<ushort>(tensor, value => writer.WriteNumberValue((uint)value));
                break;
            case DataType.UInt32:
                WriteAll<uint>(tensor, writer.WriteNumberValue);
                break;
            case DataType.UInt64:
                WriteAll<ulong>(tensor, writer.WriteNumberValue);
                break;
            case DataType.Int8:
                WriteAll<sbyte>(tensor, value => writer.WriteNumberValue((int)value));
                break;
            case DataType.Int16:
                WriteAll<short>(tensor, value => writer.WriteNumberValue((int)value));
                break;
            case DataType.Int32:
                WriteAll<int>(tensor, writer.WriteNumberValue);
                break;
            case DataType.Int64:
                WriteAll<long>(tensor, writer.WriteNumberValue);
                break;
            case DataType.Float32:
                WriteAll<float>(tensor, value => WriteFloat(writer, value, () => writer.WriteNumberValue(value)));
                break;
            case DataType.Float64:
                WriteAll<double>(tensor, value => WriteFloat(writer, value, () => writer.WriteNumberValue(value)));
                break;
            case DataType.Bytes:
                foreach (var text in tensor.Strings)
                {
                    writer.WriteStringValue(text);
                }

                break;
            default:
                // What JSON cannot carry is sent all the same, as numbers, to see it refused.
                WriteAll<ushort>(tensor, value => writer.WriteNumberValue((uint)value));
                break;
        }
    }

    /// <summary>Reads elements into the binary layout.</summary>
    public static byte[] Read(JsonElement data, DataType type) => type switch
    {
        DataType.Bool => ReadAll(data, element => element.GetBoolean()),
        DataType.UInt8 => ReadAll(data, element => element.GetByte()),
        DataType.UInt16 => ReadAll(data, element => element.GetUInt16()),
        DataType.UInt32 => ReadAll(data, element => element.GetUInt32()),
        DataType.UInt64 => ReadAll(data, element => element.GetUInt64()),
        DataType.Int8 => ReadAll(data, element => element.GetSByte()),
        DataType.Int16 => ReadAll(data, element => element.GetInt16()),
        DataType.Int32 => ReadAll(data, element => element.GetInt32()),
        DataType.Int64 => ReadAll(data, element => element.GetInt64()),
        DataType.Float32 => ReadAll(data, element => element.ValueKind == JsonValueKind.String ? (float)NotFinite(element) : element.GetSingle()),
        DataType.Float64 => ReadAll(data, element => element.ValueKind == JsonValueKind.String ? NotFinite(element) : element.GetDouble()),
        DataType.Bytes => TensorValue.LayOut(data.EnumerateArray().Select(element => Encoding.UTF8.GetBytes(element.GetString()!))),
        _ => throw new InvalidDataException($"JSON does not carry {type.WireName()}."),
    };

    private static void WriteAll<T>(TensorValue tensor, Action<T> write)
        where T : unmanaged
    {
        foreach (var value in MemoryMarshal.Cast<byte, T>(tensor.Bytes))
        {
            write(value);
        }
    }

    // JSON has no numbers for these; the server takes the names that protobuf's JSON mapping gives them.
    private static void WriteFloat(Utf8JsonWriter writer, double value, Action writeFinite)
    {
        if (double.IsFinite(value))
        {
            writeFinite();
        }
        else
        {
            writer.WriteStringValue(double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
        }
    }

    private static double NotFinite(JsonElement element) => element.GetString() switch
    {
        "NaN" => double.NaN,
        "Infinity" => double.PositiveInfinity,
        "-Infinity" => double.NegativeInfinity,
        var text => throw new InvalidDataException($"'{text}' is no number."),
    };

    private static byte[] ReadAll<T>(JsonElement data, Func<JsonElement, T> read)
        where T : unmanaged => MemoryMarshal.AsBytes<T>(data.EnumerateArray().Select(read).ToArray()).ToArray();
}
