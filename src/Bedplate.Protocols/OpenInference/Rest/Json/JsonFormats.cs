using System.Buffers;
using System.Globalization;

namespace Bedplate.Protocols.OpenInference.Rest.Json;

/// <summary>The forms of elements in an answer.</summary>
internal static class JsonFormats
{
    /// <summary>FP32: the shortest text that reads back as the same value.</summary>
    internal readonly struct Single : IJsonFormat<float>
    {
        public static int MaxLength => ShortestSingle.MaxLength;

        public static int Write(float value, Span<byte> destination) =>
            float.IsFinite(value) ? ShortestSingle.Write(value, destination) : WriteNotFinite(value, destination);
    }

    /// <summary>FP64: the shortest text that reads back as the same value.</summary>
    internal readonly struct Double : IJsonFormat<double>
    {
        private static readonly SearchValues<byte> FloatMarks = SearchValues.Create(".E"u8);

        public static int MaxLength => 32;

        public static int Write(double value, Span<byte> destination)
        {
            if (!double.IsFinite(value))
            {
                return WriteNotFinite(value, destination);
            }

            value.TryFormat(destination, out var length, default, CultureInfo.InvariantCulture);
            if (!destination[..length].ContainsAny(FloatMarks))
            {
                ".0"u8.CopyTo(destination[length..]);
                length += 2;
            }

            return length;
        }
    }

    /// <summary>Whole numbers of any width.</summary>
    internal readonly struct Integer<T> : IJsonFormat<T>
        where T : IUtf8SpanFormattable
    {
        public static int MaxLength => 20;

        public static int Write(T value, Span<byte> destination)
        {
            value.TryFormat(destination, out var length, default, CultureInfo.InvariantCulture);
            return length;
        }
    }

    /// <summary>BOOL: every byte but zero is true.</summary>
    internal readonly struct Boolean : IJsonFormat<byte>
    {
        public static int MaxLength => 5;

        public static int Write(byte value, Span<byte> destination)
        {
            var text = value == 0 ? "false"u8 : "true"u8;
            text.CopyTo(destination);
            return text.Length;
        }
    }

    // Strings, as JSON has no such numbers and a bare NaN stops its parsers.
    private static int WriteNotFinite(double value, Span<byte> destination)
    {
        var text = double.IsNaN(value) ? "\"NaN\""u8 : value > 0 ? "\"Infinity\""u8 : "\"-Infinity\""u8;
        text.CopyTo(destination);
        return text.Length;
    }
}
