namespace Bedplate.Protocols.Grpc;

/// <summary>The grpc-timeout header (grpc/grpc, doc/PROTOCOL-HTTP2.md): at most eight digits and a unit.</summary>
internal static class GrpcTimeout
{
    private const int MaxDigits = 8;

    /// <summary>
    /// Reads "250m" and the like. A timeout of nothing is read, although the specification asks for a positive number:
    /// clients whose deadline has passed already send it. Nanoseconds are rounded up to the 100 that a
    /// <see cref="TimeSpan"/> counts in; the largest, 99,999,999 hours, fits one.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan timeout)
    {
        timeout = default;
        if (text.Length is < 2 or > MaxDigits + 1)
        {
            return false;
        }

        long value = 0;
        foreach (var digit in text[..^1])
        {
            if (!char.IsAsciiDigit(digit))
            {
                return false;
            }

            value = value * 10 + (digit - '0');
        }

        long ticks;
        switch (text[^1])
        {
            case 'n':
                ticks = (value + TimeSpan.NanosecondsPerTick - 1) / TimeSpan.NanosecondsPerTick;
                break;
            case 'u':
                ticks = value * TimeSpan.TicksPerMicrosecond;
                break;
            case 'm':
                ticks = value * TimeSpan.TicksPerMillisecond;
                break;
            case 'S':
                ticks = value * TimeSpan.TicksPerSecond;
                break;
            case 'M':
                ticks = value * TimeSpan.TicksPerMinute;
                break;
            case 'H':
                ticks = value * TimeSpan.TicksPerHour;
                break;
            default:
                return false;
        }

        timeout = TimeSpan.FromTicks(ticks);
        return true;
    }
}
