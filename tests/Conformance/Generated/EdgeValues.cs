using System.Runtime.InteropServices;
using System.Text;
using Bedplate.Tensors;
using Bedplate.Tests.Conformance.Protocols;

namespace Bedplate.Tests.Conformance.Generated;

/// <summary>Twelve values of each type, among them those that are lost first where a conversion is wrong.</summary>
internal static class EdgeValues
{
    public const int Count = 12;

    /// <summary>The values in the protocol's binary layout.</summary>
    public static byte[] Of(DataType type) => type switch
    {
        DataType.Bool => [0, 1, 1, 0, 0, 0, 1, 1, 1, 0, 1, 0],
        DataType.UInt8 => Bytes<byte>(0, 1, 2, 9, 10, 99, 100, 127, 128, 200, 254, byte.MaxValue),
        DataType.UInt16 => Bytes<ushort>(0, 1, 9, 10, 255, 256, 32767, 32768, 40000, 65533, 65534, ushort.MaxValue),
        DataType.UInt32 => Bytes<uint>(0, 1, 9, 10, 65535, 65536, 16777217, 0x7FFFFFFF, 0x80000000, 4000000000, uint.MaxValue - 1, uint.MaxValue),
        DataType.UInt64 => Bytes<ulong>(0, 1, 10, uint.MaxValue, 1UL << 53, (1UL << 53) + 1, long.MaxValue, 1UL << 63, (1UL << 63) + 1, 9999999999999999999, ulong.MaxValue - 1, ulong.MaxValue),
        DataType.Int8 => Bytes<sbyte>(0, 1, -1, 9, 10, -10, 99, 100, -100, 126, sbyte.MinValue, sbyte.MaxValue),
        DataType.Int16 => Bytes<short>(0, 1, -1, 255, 256, -256, 9999, 10000, -10000, 32766, short.MinValue, short.MaxValue),
        DataType.Int32 => Bytes(0, 1, -1, 65535, 65536, -65536, 16777217, -16777217, 1000000000, 2147483646, int.MinValue, int.MaxValue),
        DataType.Int64 => Bytes(0, 1, -1, int.MaxValue, 1L << 53, (1L << 53) + 1, -(1L << 53) - 1, 1000000000000000000, long.MaxValue - 1, long.MinValue + 1, long.MinValue, long.MaxValue),
        DataType.Float16 => Bytes(
            (Half)0, Half.NegativeZero, Half.One, (Half)0.1, (Half)(-2.5), Half.Epsilon, Half.MinValue, Half.MaxValue, Half.NaN, Half.PositiveInfinity,
            Half.NegativeInfinity, (Half)6.1e-5),
        DataType.BFloat16 => Bytes<ushort>(0, 0x8000, 0x3F80, 0x3DCD, 0xC020, 1, 0xFF7F, 0x7F7F, 0x7FC0, 0x7F80, 0xFF80, 0x0080),
        DataType.Float32 => Bytes(
            0f, -0f, 0.1f, -2.5f, 16777217f, 1e-45f, 1.1754944e-38f, float.MinValue, float.MaxValue, float.NaN, float.PositiveInfinity,
            float.NegativeInfinity),
        DataType.Float64 => Bytes(
            0d, -0d, 0.1, -2.5, 9007199254740993, 5e-324, 2.2250738585072014e-308, double.MinValue, double.MaxValue, double.NaN, double.PositiveInfinity,
            double.NegativeInfinity),
        DataType.Bytes => TensorValue.LayOut(
            new[] { "", "a", "ä€😀", "\"\\/", "\b\f\n\r\t", "a\0b", "\u007f\u0080\uffff", "<&>'", " ", "null", new string('x', 70_000), "𝕋" }.Select(Encoding.UTF8.GetBytes)),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };

    private static byte[] Bytes<T>(params ReadOnlySpan<T> values)
        where T : unmanaged => MemoryMarshal.AsBytes(values).ToArray();
}
