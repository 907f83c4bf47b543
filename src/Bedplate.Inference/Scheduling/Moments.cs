namespace Bedplate.Inference.Scheduling;

/// <summary>Moments of a clock, as <see cref="TimeProvider.GetTimestamp"/> counts them.</summary>
internal static class Moments
{
    // Timestamps count nanoseconds in 63 bits, 292 years of them. Callers name any time, and nobody waits for this one.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    /// <summary>The length of a time in a clock's ticks; what is longer than a century is a century.</summary>
    public static long ToTicks(this TimeProvider time, TimeSpan length) =>
        (long)((length < Longest ? length : Longest).TotalSeconds * time.TimestampFrequency);
}
