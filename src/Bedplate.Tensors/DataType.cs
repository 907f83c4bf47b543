namespace Bedplate.Tensors;

/// <summary>
/// The element types of the Open Inference Protocol. The numeric values are those of Triton's
/// <c>inference.DataType</c> (model_config.proto), so that a configuration's number is the enum's.
/// </summary>
public enum DataType : byte
{
    /// <summary>No type: the state of a tensor that is absent.</summary>
    Invalid = 0,

    /// <summary>One byte per element, 0 or 1. On the wire BOOL.</summary>
    Bool = 1,

    /// <summary>Unsigned, 1 byte.</summary>
    UInt8 = 2,

    /// <summary>Unsigned, 2 bytes.</summary>
    UInt16 = 3,

    /// <summary>Unsigned, 4 bytes.</summary>
    UInt32 = 4,

    /// <summary>Unsigned, 8 bytes.</summary>
    UInt64 = 5,

    /// <summary>Signed, 1 byte.</summary>
    Int8 = 6,

    /// <summary>Signed, 2 bytes.</summary>
    Int16 = 7,

    /// <summary>Signed, 4 bytes.</summary>
    Int32 = 8,

    /// <summary>Signed, 8 bytes.</summary>
    Int64 = 9,

    /// <summary>IEEE 754 binary16, 2 bytes. On the wire FP16.</summary>
    Float16 = 10,

    /// <summary>IEEE 754 binary32, 4 bytes. On the wire FP32.</summary>
    Float32 = 11,

    /// <summary>IEEE 754 binary64, 8 bytes. On the wire FP64.</summary>
    Float64 = 12,

    /// <summary>Variable-length byte strings, laid out as <see cref="BytesLayout"/> says. On the wire BYTES.</summary>
    Bytes = 13,

    /// <summary>bfloat16 (the upper half of a binary32), 2 bytes. On the wire BF16.</summary>
    BFloat16 = 14,
}
