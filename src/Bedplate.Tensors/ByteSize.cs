using System.Buffers;
using System.Globalization;

namespace Bedplate.Tensors;

/// <summary>Byte counts as people write and read them.</summary>
public static class ByteSize
{
    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>"64 MiB", "1.5 GiB", "17 B".</summary>
    public static string Format(long bytes)
    {
        double value = bytes;
        var unit = 0;
        while (Math.Abs(value) >= 1024 && unit < Units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{value:0.##} {Units[unit]}");
    }

    /// <summary>
    /// Reads "67108864", "64MiB", "64 MB" or "1.5g". Units without the i are powers of 1024 too, as container
    /// runtimes have them.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out long bytes)
    {
        bytes = 0;
        text = text.Trim();
        var digits = text.IndexOfAnyExcept(NumberCharacters);
        var number = digits < 0 ? text : text[..digits];
        var unit = digits < 0 ? [] : text[digits..].TrimStart();
        var exponent = unit switch
        {
            _ when unit.IsEmpty || unit.Equals("b", StringComparison.OrdinalIgnoreCase) => 0,
            _ when IsUnit(unit, 'k') => 1,
            _ when IsUnit(unit, 'm') => 2,
            _ when IsUnit(unit, 'g') => 3,
            _ when IsUnit(unit, 't') => 4,
            _ => -1,
        };
        if (exponent < 0 || !decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value))
        {
            return false;
        }

        var scaled = value * (1L << (10 * exponent));
        if (scaled > long.MaxValue)
        {
            return false;
        }

        bytes = (long)scaled;
        return true;
    }

    private static bool IsUnit(ReadOnlySpan<char> unit, char prefix) =>
        char.ToLowerInvariant(unit[0]) == prefix
        && (unit.Length == 1
            || unit[1..].Equals("b", StringComparison.OrdinalIgnoreCase)
            || unit[1..].Equals("ib", StringComparison.OrdinalIgnoreCase));
}
