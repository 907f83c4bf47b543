using Bedplate.Tensors;

namespace Bedplate.Inference.Onnx.Interop;

/// <summary>The runtime's element types against the protocol's.</summary>
internal static class OnnxElementTypes
{
    private static ReadOnlySpan<byte> FromProtocol =>
    [
        (byte)OnnxElementType.Undefined, (byte)OnnxElementType.Bool, (byte)OnnxElementType.UInt8,
        (byte)OnnxElementType.UInt16, (byte)OnnxElementType.UInt32, (byte)OnnxElementType.UInt64,
        (byte)OnnxElementType.Int8, (byte)OnnxElementType.Int16, (byte)OnnxElementType.Int32,
        (byte)OnnxElementType.Int64, (byte)OnnxElementType.Float16, (byte)OnnxElementType.Float,
        (byte)OnnxElementType.Double, (byte)OnnxElementType.String, (byte)OnnxElementType.BFloat16,
    ];

    private static ReadOnlySpan<byte> ToProtocol =>
    [
        (byte)DataType.Invalid, (byte)DataType.Float32, (byte)DataType.UInt8, (byte)DataType.Int8,
        (byte)DataType.UInt16, (byte)DataType.Int16, (byte)DataType.Int32, (byte)DataType.Int64,
        (byte)DataType.Bytes, (byte)DataType.Bool, (byte)DataType.Float16, (byte)DataType.Float64,
        (byte)DataType.UInt32, (byte)DataType.UInt64, (byte)DataType.Invalid, (byte)DataType.Invalid,
        (byte)DataType.BFloat16,
    ];

    /// <summary>The runtime's type; <see cref="OnnxElementType.Undefined"/> for <see cref="DataType.Invalid"/>.</summary>
    public static OnnxElementType ToOnnx(this DataType type) => (OnnxElementType)FromProtocol[(int)type];

    /// <summary>
    /// The protocol's type, or <see cref="DataType.Invalid"/> where it has none: complex numbers, floats of 8 bits and
    /// less, integers of 4 bits and less.
    /// </summary>
    public static DataType ToDataType(this OnnxElementType type) =>
        (uint)type < (uint)ToProtocol.Length ? (DataType)ToProtocol[(int)type] : DataType.Invalid;
}
