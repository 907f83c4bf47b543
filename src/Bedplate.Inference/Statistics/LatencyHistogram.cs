namespace Bedplate.Inference.Statistics;

/// <summary>
/// Counts of durations by bucket, as Prometheus histograms have them. Guarded by the lock of the statistics it
/// belongs to.
/// </summary>
internal sealed class LatencyHistogram
{
    private readonly long[] _boundTicks;
    private readonly long[] _counts;
    private long _sumTicks;

    public LatencyHistogram(TimeProvider time)
    {
        _boundTicks = [.. LatencyHistogramSnapshot.BoundSeconds.Select(bound => (long)(bound * time.TimestampFrequency))];
        _counts = new long[_boundTicks.Length + 1];
    }

    public void Record(long ticks)
    {
        var bucket = 0;
        while (bucket < _boundTicks.Length && ticks > _boundTicks[bucket])
        {
            bucket++;
        }

        _counts[bucket]++;
        _sumTicks += ticks;
    }

    public LatencyHistogramSnapshot ToSnapshot(TimeProvider time) => new([.. _counts], (double)_sumTicks / time.TimestampFrequency);
}

/// <summary>A histogram as it stood at one moment.</summary>
/// <param name="Counts">Durations in each bucket (not cumulative); one more than there are bounds, the last for all above.</param>
/// <param name="SumSeconds">Sum of all durations.</param>
public sealed record LatencyHistogramSnapshot(IReadOnlyList<long> Counts, double SumSeconds)
{
    /// <summary>Upper bounds of the buckets, in seconds: from a tiny model's run to a patient caller's wait.</summary>
    public static IReadOnlyList<double> BoundSeconds { get; } =
    [
        0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ];
}
