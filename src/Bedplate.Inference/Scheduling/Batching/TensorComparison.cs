using System.Runtime.InteropServices;
using Bedplate.Tensors;

namespace Bedplate.Inference.Scheduling.Batching;

/// <summary>
/// Whether two tensors are the same answer. Runtimes choose other kernels for other batch sizes, so floating-point
/// numbers may differ in their last bits; everything else must be equal.
/// </summary>
internal static class TensorComparison
{
    // Ten times what kernels of other batch sizes were seen to differ by, and a hundredth of what a model that
    // quantizes over the whole batch differs by.
    private const double RelativeTolerance = 1e-4;
    private const double HalfPrecisionTolerance = 1e-2;

    /// <summary>Equal type and shape, and content equal within the tolerance of the type.</summary>
    public static bool AreClose(in Tensor left, in Tensor right)
    {
        if (left.Type != right.Type || left.Shape != right.Shape)
        {
            return false;
        }

        return left.Type switch
        {
            DataType.Float32 => AreClose<float>(left.Bytes, right.Bytes, RelativeTolerance, static value => value),
            DataType.Float64 => AreClose<double>(left.Bytes, right.Bytes, RelativeTolerance, static value => value),
            DataType.Float16 => AreClose<Half>(left.Bytes, right.Bytes, HalfPrecisionTolerance, static value => (double)value),
            DataType.BFloat16 => AreClose<ushort>(
                left.Bytes, right.Bytes, HalfPrecisionTolerance, static value => BitConverter.UInt32BitsToSingle((uint)value << 16)),
            _ => left.Bytes.SequenceEqual(right.Bytes),
        };
    }

    private static bool AreClose<T>(
        ReadOnlySpan<byte> leftBytes, ReadOnlySpan<byte> rightBytes, double tolerance, Func<T, double> toDouble)
        where T : unmanaged
    {
        var left = MemoryMarshal.Cast<byte, T>(leftBytes);
        var right = MemoryMarshal.Cast<byte, T>(rightBytes);

        // Relative to the largest number of the tensor: next to a probability of 0.9, one of 1e-9 carries only noise.
        var scale = 0.0;
        foreach (var value in right)
        {
            var magnitude = Math.Abs(toDouble(value));
            scale = double.IsFinite(magnitude) ? Math.Max(scale, magnitude) : scale;
        }

        for (var i = 0; i < left.Length; i++)
        {
            var x = toDouble(left[i]);
            var y = toDouble(right[i]);
            if (!x.Equals(y) && !(Math.Abs(x - y) <= tolerance * scale))
            {
                return false;
            }
        }

        return true;
    }
}
