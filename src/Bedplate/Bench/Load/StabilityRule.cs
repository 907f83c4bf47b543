namespace Bedplate.Bench.Load;

/// <summary>
/// When to believe a measurement: throughput and latency of the last three windows each lie within a percentage of
/// their smallest. This is perf_analyzer's rule.
/// </summary>
internal sealed class StabilityRule(double percentage)
{
    /// <summary>Windows that must agree.</summary>
    public const int Windows = 3;

    private readonly double _largestRatio = 1 + percentage / 100;

    /// <summary>
    /// Whether the last three of <paramref name="windows"/> agree; windows without an answer agree on nothing.
    /// </summary>
    public bool IsStable(ReadOnlySpan<WindowFigures> windows)
    {
        if (windows.Length < Windows)
        {
            return false;
        }

        var recent = windows[^Windows..];
        double leastThroughput = double.MaxValue, mostThroughput = 0, leastLatency = double.MaxValue, mostLatency = 0;
        foreach (var window in recent)
        {
            leastThroughput = Math.Min(leastThroughput, window.Throughput);
            mostThroughput = Math.Max(mostThroughput, window.Throughput);
            leastLatency = Math.Min(leastLatency, window.LatencyNanoseconds);
            mostLatency = Math.Max(mostLatency, window.LatencyNanoseconds);
        }

        return leastThroughput > 0
            && mostThroughput <= leastThroughput * _largestRatio
            && mostLatency <= leastLatency * _largestRatio;
    }
}

/// <summary>The two figures that a window is judged by.</summary>
internal readonly record struct WindowFigures(double Throughput, double LatencyNanoseconds);
