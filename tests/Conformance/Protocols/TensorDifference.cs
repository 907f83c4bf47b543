using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Bedplate.Tensors;

namespace Bedplate.Tests.Conformance.Protocols;

/// <summary>Where two tensors differ, in words; null where they do not.</summary>
internal static class TensorDifference
{
    // As the ONNX project's own runner compares (onnx.backend.test, TestCase): |actual − expected| ≤ a + r·|expected|.
    private const double RelativeTolerance = 1e-3;
    private const double AbsoluteTolerance = 1e-7;

    /// <summary>Compares as the ONNX project does: floats within tolerance, NaN equal to NaN, all else exactly.</summary>
    public static string? FromExpected(TensorValue expected, TensorValue actual) =>
        FromExpected(expected, actual, RelativeTolerance, AbsoluteTolerance);

    /// <summary>Compares within the given tolerance.</summary>
    public static string? FromExpected(TensorValue expected, TensorValue actual, double relative, double absolute)
    {
        return InForm(expected, actual) ?? expected.Type switch
        {
            DataType.Float16 => First<Half>(expected, actual, (a, b) => AreClose((double)a, (double)b)),
            DataType.BFloat16 => First<ushort>(expected, actual, (a, b) => AreClose(FromBFloat16(a), FromBFloat16(b))),
            DataType.Float32 => First<float>(expected, actual, (a, b) => AreClose(a, b)),
            DataType.Float64 => First<double>(expected, actual, AreClose),
            _ => InBits(expected, actual),
        };

        bool AreClose(double wanted, double given) =>
            wanted == given
            || (double.IsNaN(wanted) && double.IsNaN(given))
            || Math.Abs(given - wanted) <= absolute + (relative * Math.Abs(wanted));
    }

    /// <summary>Compares two answers to one request bit by bit; all NaN are one, as JSON has only one.</summary>
    public static string? BetweenAnswers(TensorValue first, TensorValue second) =>
        InForm(first, second) ?? first.Type switch
        {
            DataType.Float32 => First<float>(first, second, (a, b) => float.IsNaN(a) ? float.IsNaN(b) : BitConverter.SingleToUInt32Bits(a) == BitConverter.SingleToUInt32Bits(b)),
            DataType.Float64 => First<double>(first, second, (a, b) => double.IsNaN(a) ? double.IsNaN(b) : BitConverter.DoubleToUInt64Bits(a) == BitConverter.DoubleToUInt64Bits(b)),
            _ => InBits(first, second),
        };

    /// <summary>Compares everything but the values: name, type, shape, number of elements.</summary>
    public static string? InForm(TensorValue expected, TensorValue actual) =>
        expected.Name != actual.Name ? $"output '{actual.Name}' stands where '{expected.Name}' is expected"
        : expected.Type != actual.Type ? $"output '{actual.Name}' is {actual.Type.WireName()}, expected {expected.Type.WireName()}"
        : !expected.Shape.SequenceEqual(actual.Shape) ? $"output '{actual.Name}' has shape [{string.Join(',', actual.Shape)}], expected [{string.Join(',', expected.Shape)}]"
        : expected.ElementCount != actual.ElementCount ? $"output '{actual.Name}' has {actual.ElementCount} elements, expected {expected.ElementCount}"
        : null;

    private static string? InBits(TensorValue expected, TensorValue actual)
    {
        if (expected.Bytes.AsSpan().SequenceEqual(actual.Bytes))
        {
            return null;
        }

        if (expected.Type == DataType.Bytes)
        {
            var (index, pair) = expected.Strings.Zip(actual.Strings).Index().First(each => !each.Item.First.SequenceEqual(each.Item.Second));
            return Describe(expected, index, $"'{Encoding.UTF8.GetString(pair.Second)}'", $"'{Encoding.UTF8.GetString(pair.First)}'");
        }

        var at = expected.Bytes.AsSpan().CommonPrefixLength(actual.Bytes) / expected.Type.ByteSize();
        return Describe(expected, at, Element(actual, at), Element(expected, at));
    }

    private static string? First<T>(TensorValue expected, TensorValue actual, Func<T, T, bool> areEqual)
        where T : unmanaged
    {
        var wanted = MemoryMarshal.Cast<byte, T>(expected.Bytes);
        var given = MemoryMarshal.Cast<byte, T>(actual.Bytes);
        for (var i = 0; i < wanted.Length; i++)
        {
            if (!areEqual(wanted[i], given[i]))
            {
                return Describe(expected, i, Element(actual, i), Element(expected, i));
            }
        }

        return null;
    }

    private static string Describe(TensorValue tensor, int index, string actual, string expected) =>
        string.Create(CultureInfo.InvariantCulture, $"output '{tensor.Name}'[{index}] is {actual}, expected {expected}");

    private static string Element(TensorValue tensor, int index)
    {
        var size = tensor.Type.ByteSize();
        var element = tensor.Bytes.AsSpan(index * size, size);
        return tensor.Type switch
        {
            DataType.Float16 => BitConverter.ToHalf(element).ToString(CultureInfo.InvariantCulture),
            DataType.BFloat16 => FromBFloat16(BitConverter.ToUInt16(element)).ToString(CultureInfo.InvariantCulture),
            DataType.Float32 => BitConverter.ToSingle(element).ToString(CultureInfo.InvariantCulture),
            DataType.Float64 => BitConverter.ToDouble(element).ToString(CultureInfo.InvariantCulture),
            _ => $"0x{Convert.ToHexString([.. element.ToArray().Reverse()])}",
        };
    }

    private static double FromBFloat16(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);
}
