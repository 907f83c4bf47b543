using System.Globalization;
using Bedplate.Tensors;

namespace Bedplate.Server.Settings;

/// <summary>Reads the values of settings. What cannot be read throws with what was expected.</summary>
internal static class SettingValues
{
    public static int Port(string text) => Number(text, 0, 65_535);

    public static int Number(string text, int minimum, int maximum) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= minimum && value <= maximum
            ? value
            : throw new FormatException($"must be a whole number from {minimum} to {maximum}");

    public static bool Boolean(string text) =>
        bool.TryParse(text, out var value) ? value : throw new FormatException("must be true or false");

    public static long Bytes(string text, long minimum = 0) =>
        !ByteSize.TryParse(text, out var value) ? throw new FormatException("must be a size, as in 64MiB or 2GiB")
        : value < minimum ? throw new FormatException($"must be a size of at least {ByteSize.Format(minimum)}")
        : value;

    public static T OneOf<T>(string text)
        where T : struct, Enum =>
        Enum.TryParse<T>(text.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out var value) && Enum.IsDefined(value) && !char.IsAsciiDigit(text[0])
            ? value
            : throw new FormatException($"must be one of {string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant()}");

    /// <summary>"250us", "20ms", "1.5s", "2m"; a bare number is seconds.</summary>
    public static TimeSpan Duration(string text)
    {
        var digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9') is var end && end >= 0 && text[end] == '.'
            ? end + 1 + Math.Max(0, text.AsSpan(end + 1).IndexOfAnyExceptInRange('0', '9') is var more && more < 0 ? text.Length - end - 1 : more)
            : end < 0 ? text.Length : end;
        var ticks = text[digits..].Trim() switch
        {
            "us" => TimeSpan.TicksPerMicrosecond,
            "ms" => TimeSpan.TicksPerMillisecond,
            "" or "s" => TimeSpan.TicksPerSecond,
            "m" => TimeSpan.TicksPerMinute,
            _ => 0,
        };
        return ticks != 0 && double.TryParse(text.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && value * ticks < TimeSpan.TicksPerDay * 365.0
            ? TimeSpan.FromTicks((long)(value * ticks))
            : throw new FormatException("must be a time, as in 100us, 20ms, 1.5s or 2m");
    }
}
