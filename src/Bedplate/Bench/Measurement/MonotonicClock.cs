using System.Diagnostics;

namespace Bedplate.Bench.Measurement;

/// <summary>
/// Nanoseconds since an arbitrary start, never going back. A static and not a <see cref="TimeProvider"/>: the loop
/// reads it several times per request while it waits in the kernel on the same clock, which no fake could drive.
/// What decides (schedules, stability, search) takes times as arguments and is tested without any clock.
/// </summary>
internal static class MonotonicClock
{
    public const long NanosecondsPerSecond = 1_000_000_000;
    public const long NanosecondsPerMillisecond = 1_000_000;

    private static readonly double NanosecondsPerTick = (double)NanosecondsPerSecond / Stopwatch.Frequency;

    public static long Now => Stopwatch.Frequency == NanosecondsPerSecond
        ? Stopwatch.GetTimestamp()
        : (long)(Stopwatch.GetTimestamp() * NanosecondsPerTick);
}
