using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Bedplate.Bench.Clients.OpenInference;
using Bedplate.Tensors;

namespace Bedplate.Bench.Verification;

/// <summary>
/// Compares answers. Integers, booleans and strings must be equal; floating-point numbers may differ by
/// tolerance · (1 + |expected|), as a runtime's last bits depend on the batch that a request was computed in. NaN
/// equals NaN, an infinity itself.
/// </summary>
internal sealed class AnswerComparer(double? tolerance)
{
    // About five units in the last place of the narrow types; for binary32 what reordered sums of thousands of terms give.
    private const double WideTolerance = 1e-4;
    private const double Float16Tolerance = 5e-3;
    private const double BFloat16Tolerance = 4e-2;

    /// <summary>Finds the first difference; null when the answers agree.</summary>
    public Difference? Compare(ReadOnlySpan<NamedTensor> expected, ReadOnlySpan<NamedTensor> actual)
    {
        foreach (var output in expected)
        {
            if (Find(actual, output.Name) is not { } other)
            {
                return new Difference(output.Name, -1, "an output", "missing");
            }

            if (CompareTensor(output, other) is { } difference)
            {
                return difference;
            }
        }

        return actual.Length == expected.Length
            ? null
            : new Difference("", -1, $"{expected.Length} outputs", $"{actual.Length} outputs");
    }

    private Difference? CompareTensor(NamedTensor expected, NamedTensor actual)
    {
        if (expected.Type != actual.Type || expected.Shape != actual.Shape)
        {
            return new Difference(expected.Name, -1, Describe(expected), Describe(actual));
        }

        if (expected.Data.AsSpan().SequenceEqual(actual.Data))
        {
            return null;
        }

        return expected.Type == DataType.Bytes ? CompareStrings(expected, actual) : CompareNumbers(expected, actual);
    }

    private Difference? CompareNumbers(NamedTensor expected, NamedTensor actual)
    {
        var size = expected.Type.ByteSize();
        if (expected.Data.Length != actual.Data.Length)
        {
            return new Difference(expected.Name, -1, $"{expected.Data.Length} bytes", $"{actual.Data.Length} bytes");
        }

        var allowed = ToleranceOf(expected.Type);
        for (var offset = 0; offset + size <= expected.Data.Length; offset += size)
        {
            var left = expected.Data.AsSpan(offset, size);
            var right = actual.Data.AsSpan(offset, size);
            if (!left.SequenceEqual(right)
                && !(allowed is { } width && IsNear(Number(left, expected.Type), Number(right, expected.Type), width)))
            {
                return new Difference(expected.Name, offset / size, Show(left, expected.Type), Show(right, expected.Type));
            }
        }

        return null;
    }

    private static Difference? CompareStrings(NamedTensor expected, NamedTensor actual)
    {
        ReadOnlySpan<byte> left = expected.Data;
        ReadOnlySpan<byte> right = actual.Data;
        for (var index = 0L; !left.IsEmpty && !right.IsEmpty; index++)
        {
            if (!BytesLayout.TryReadElement(ref left, out var wanted) || !BytesLayout.TryReadElement(ref right, out var got))
            {
                return new Difference(expected.Name, index, "a string", "a cut-off string");
            }

            if (!wanted.SequenceEqual(got))
            {
                return new Difference(expected.Name, index, Quote(wanted), Quote(got));
            }
        }

        return new Difference(expected.Name, -1, $"{expected.Data.Length} bytes", $"{actual.Data.Length} bytes");
    }

    private double? ToleranceOf(DataType type) => type switch
    {
        DataType.Float32 or DataType.Float64 => tolerance ?? WideTolerance,
        DataType.Float16 => tolerance ?? Float16Tolerance,
        DataType.BFloat16 => tolerance ?? BFloat16Tolerance,
        _ => null,
    };

    private static bool IsNear(double expected, double actual, double width)
    {
        if (double.IsNaN(expected) || double.IsInfinity(expected))
        {
            return expected.Equals(actual);
        }

        return Math.Abs(expected - actual) <= width * (1 + Math.Abs(expected));
    }

    private static double Number(ReadOnlySpan<byte> element, DataType type) => type switch
    {
        DataType.Float32 => BinaryPrimitives.ReadSingleLittleEndian(element),
        DataType.Float64 => BinaryPrimitives.ReadDoubleLittleEndian(element),
        DataType.Float16 => (double)BinaryPrimitives.ReadHalfLittleEndian(element),
        _ => BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(element) << 16),
    };

    private static string Show(ReadOnlySpan<byte> element, DataType type) => type switch
    {
        DataType.Bool => element[0] == 0 ? "false" : "true",
        DataType.UInt8 => element[0].ToString(CultureInfo.InvariantCulture),
        DataType.Int8 => ((sbyte)element[0]).ToString(CultureInfo.InvariantCulture),
        DataType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(element).ToString(CultureInfo.InvariantCulture),
        DataType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(element).ToString(CultureInfo.InvariantCulture),
        DataType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(element).ToString(CultureInfo.InvariantCulture),
        DataType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(element).ToString(CultureInfo.InvariantCulture),
        DataType.UInt64 => BinaryPrimitives.ReadUInt64LittleEndian(element).ToString(CultureInfo.InvariantCulture),
        DataType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(element).ToString(CultureInfo.InvariantCulture),
        _ => Number(element, type).ToString("R", CultureInfo.InvariantCulture),
    };

    private static string Quote(ReadOnlySpan<byte> text)
    {
        const int LongestShown = 64;
        var shown = Encoding.UTF8.GetString(text[..Math.Min(text.Length, LongestShown)]);
        return text.Length > LongestShown ? $"\"{shown}…\"" : $"\"{shown}\"";
    }

    private static string Describe(NamedTensor tensor) => $"{tensor.Type.WireName()}{tensor.Shape}";

    private static NamedTensor? Find(ReadOnlySpan<NamedTensor> tensors, string name)
    {
        foreach (var tensor in tensors)
        {
            if (tensor.Name == name)
            {
                return tensor;
            }
        }

        return null;
    }

    /// <summary>Where two answers differ, and both values there.</summary>
    internal sealed record Difference(string Output, long Index, string Expected, string Actual);
}
