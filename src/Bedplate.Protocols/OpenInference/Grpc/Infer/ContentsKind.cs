using Bedplate.Tensors;

namespace Bedplate.Protocols.OpenInference.Grpc.Infer;

/// <summary>The repeated fields of InferTensorContents; the values are their field numbers.</summary>
internal enum ContentsKind : byte
{
    None = 0,
    Bool = 1,
    Int = 2,
    Int64 = 3,
    UInt = 4,
    UInt64 = 5,
    Float32 = 6,
    Float64 = 7,
    Bytes = 8,
}

/// <summary>What belongs to a <see cref="ContentsKind"/>.</summary>
internal static class ContentsKinds
{
    public const ContentsKind Last = ContentsKind.Bytes;

    /// <summary>Bytes of an element as the field carries it, before it is narrowed to its datatype; 0 for BYTES.</summary>
    public static int WidthOf(ContentsKind kind) => kind switch
    {
        ContentsKind.Bool => 1,
        ContentsKind.Int or ContentsKind.UInt or ContentsKind.Float32 => 4,
        ContentsKind.Int64 or ContentsKind.UInt64 or ContentsKind.Float64 => 8,
        _ => 0,
    };

    /// <summary>Whether elements are varints.</summary>
    public static bool IsVarint(ContentsKind kind) => kind <= ContentsKind.UInt64;

    /// <summary>
    /// The datatype a field holds when the input is of <paramref name="declared"/>: a field for 32-bit integers also
    /// holds those of 8 and 16 bits.
    /// </summary>
    public static DataType DatatypeOf(ContentsKind kind, DataType declared) => kind switch
    {
        ContentsKind.Bool => DataType.Bool,
        ContentsKind.Int => declared is DataType.Int8 or DataType.Int16 ? declared : DataType.Int32,
        ContentsKind.Int64 => DataType.Int64,
        ContentsKind.UInt => declared is DataType.UInt8 or DataType.UInt16 ? declared : DataType.UInt32,
        ContentsKind.UInt64 => DataType.UInt64,
        ContentsKind.Float32 => DataType.Float32,
        ContentsKind.Float64 => DataType.Float64,
        _ => DataType.Bytes,
    };
}
