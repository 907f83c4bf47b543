using Bedplate.Tensors;

namespace Bedplate.Tests.TestKit.Models;

/// <summary>Element types as ONNX files number them (TensorProto.DataType), those without a protocol type included.</summary>
public enum OnnxElement
{
    Float = 1,
    UInt8 = 2,
    Int8 = 3,
    UInt16 = 4,
    Int16 = 5,
    Int32 = 6,
    Int64 = 7,
    String = 8,
    Bool = 9,
    Float16 = 10,
    Double = 11,
    UInt32 = 12,
    UInt64 = 13,
    Complex64 = 14,
    Complex128 = 15,
    BFloat16 = 16,
    Float8E4M3FN = 17,
    UInt4 = 21,
    Int4 = 22,
}

/// <summary>Element types from the protocol's.</summary>
public static class OnnxElements
{
    /// <summary>The file's number for a type of the protocol.</summary>
    public static OnnxElement ToOnnx(this DataType type) => type switch
    {
        DataType.Bool => OnnxElement.Bool,
        DataType.UInt8 => OnnxElement.UInt8,
        DataType.UInt16 => OnnxElement.UInt16,
        DataType.UInt32 => OnnxElement.UInt32,
        DataType.UInt64 => OnnxElement.UInt64,
        DataType.Int8 => OnnxElement.Int8,
        DataType.Int16 => OnnxElement.Int16,
        DataType.Int32 => OnnxElement.Int32,
        DataType.Int64 => OnnxElement.Int64,
        DataType.Float16 => OnnxElement.Float16,
        DataType.Float32 => OnnxElement.Float,
        DataType.Float64 => OnnxElement.Double,
        DataType.Bytes => OnnxElement.String,
        DataType.BFloat16 => OnnxElement.BFloat16,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No ONNX type."),
    };
}
