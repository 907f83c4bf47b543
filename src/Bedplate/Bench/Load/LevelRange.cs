using System.Globalization;

namespace Bedplate.Bench.Load;

/// <summary>
/// <c>start[:end[:step]]</c>. Without an end there is one level; an end of 0 means "as far as the latency limit
/// allows". <see cref="Step"/> is null when it was not given: 1 in a sweep, 5 % in a search.
/// </summary>
internal readonly record struct LevelRange(double Start, double? End, double? Step)
{
    /// <summary>Reads a range; <paramref name="wholeNumbers"/> for concurrencies.</summary>
    public static bool TryParse(string text, bool wholeNumbers, out LevelRange range)
    {
        range = default;
        var parts = text.Split(':');
        if (parts.Length > 3 || !TryNumber(parts[0], wholeNumbers, out var start) || start <= 0)
        {
            return false;
        }

        double end = 0, step = 0;
        if (parts.Length > 1 && (!TryNumber(parts[1], wholeNumbers, out end) || (end != 0 && end < start)))
        {
            return false;
        }

        if (parts.Length > 2 && (!TryNumber(parts[2], wholeNumbers, out step) || step <= 0))
        {
            return false;
        }

        range = new LevelRange(start, parts.Length > 1 ? end : null, parts.Length > 2 ? step : null);
        return true;
    }

    private static bool TryNumber(string text, bool whole, out double value) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value)
        && double.IsFinite(value)
        && (!whole || value == Math.Floor(value));
}
