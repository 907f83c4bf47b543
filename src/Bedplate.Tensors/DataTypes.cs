namespace Bedplate.Tensors;

/// <summary>Names and sizes of <see cref="DataType"/> as the Open Inference Protocol gives them.</summary>
public static class DataTypes
{
    private static ReadOnlySpan<byte> ByteSizes => [0, 1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 4, 8, 0, 2];

    private static readonly string[] WireNames =
    [
        "INVALID", "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64",
        "FP16", "FP32", "FP64", "BYTES", "BF16",
    ];

    /// <summary>Bytes per element; 0 for <see cref="DataType.Bytes"/>, whose elements vary in length.</summary>
    public static int ByteSize(this DataType type) => ByteSizes[(int)type];

    /// <summary>The protocol's name, as in "FP32".</summary>
    public static string WireName(this DataType type) => WireNames[(int)type];

    /// <summary>Reads the protocol's name from UTF-8. Names are case-sensitive, as Triton's are.</summary>
    public static bool TryParse(ReadOnlySpan<byte> utf8, out DataType type)
    {
        type = utf8.Length switch
        {
            4 when utf8.SequenceEqual("FP32"u8) => DataType.Float32,
            4 when utf8.SequenceEqual("FP64"u8) => DataType.Float64,
            4 when utf8.SequenceEqual("FP16"u8) => DataType.Float16,
            4 when utf8.SequenceEqual("BF16"u8) => DataType.BFloat16,
            4 when utf8.SequenceEqual("BOOL"u8) => DataType.Bool,
            4 when utf8.SequenceEqual("INT8"u8) => DataType.Int8,
            5 when utf8.SequenceEqual("INT64"u8) => DataType.Int64,
            5 when utf8.SequenceEqual("INT32"u8) => DataType.Int32,
            5 when utf8.SequenceEqual("INT16"u8) => DataType.Int16,
            5 when utf8.SequenceEqual("UINT8"u8) => DataType.UInt8,
            5 when utf8.SequenceEqual("BYTES"u8) => DataType.Bytes,
            6 when utf8.SequenceEqual("UINT64"u8) => DataType.UInt64,
            6 when utf8.SequenceEqual("UINT32"u8) => DataType.UInt32,
            6 when utf8.SequenceEqual("UINT16"u8) => DataType.UInt16,
            _ => DataType.Invalid,
        };
        return type != DataType.Invalid;
    }
}
