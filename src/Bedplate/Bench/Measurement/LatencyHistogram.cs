using System.Numerics;

namespace Bedplate.Bench.Measurement;

/// <summary>
/// Counts durations in buckets whose width grows with the value, so that memory is fixed (19 KiB) and every quantile
/// is within 1 % of the true one, whatever the spread: the layout of HdrHistogram with 64 buckets per power of two.
/// A bucket is at most 1/64 of its lower bound wide and reports its middle, hence an error of at most 1/128.
/// Count, sum, smallest and largest are exact. Not thread-safe: each load thread fills its own, and they are merged.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int BucketsPerDoublingLog2 = 6;
    private const int BucketsPerDoubling = 1 << BucketsPerDoublingLog2;
    private const int LargestLog2 = 42;

    /// <summary>Durations of more than 73 minutes count as this one.</summary>
    public const long LargestNanoseconds = (1L << LargestLog2) - 1;

    private readonly long[] _counts = new long[IndexOf(LargestNanoseconds) + 1];
    private long _smallest = long.MaxValue;
    private double _sum;

    /// <summary>Durations counted.</summary>
    public long Count { get; private set; }

    /// <summary>The largest duration counted, exact; 0 when there is none.</summary>
    public long MaxNanoseconds { get; private set; }

    /// <summary>The arithmetic mean, exact; 0 when there is none.</summary>
    public double MeanNanoseconds => Count == 0 ? 0 : _sum / Count;

    /// <summary>Counts one duration; a negative one (a clock that two cores read differently) counts as 0.</summary>
    public void Record(long nanoseconds)
    {
        nanoseconds = Math.Clamp(nanoseconds, 0, LargestNanoseconds);
        _counts[IndexOf(nanoseconds)]++;
        _sum += nanoseconds;
        Count++;
        MaxNanoseconds = Math.Max(MaxNanoseconds, nanoseconds);
        _smallest = Math.Min(_smallest, nanoseconds);
    }

    /// <summary>Adds all that <paramref name="other"/> counted.</summary>
    public void Add(LatencyHistogram other)
    {
        for (var i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }

        _sum += other._sum;
        Count += other.Count;
        MaxNanoseconds = Math.Max(MaxNanoseconds, other.MaxNanoseconds);
        _smallest = Math.Min(_smallest, other._smallest);
    }

    /// <summary>
    /// The smallest duration that at least <paramref name="percentile"/> percent of all do not exceed (the nearest-rank
    /// definition), within 1 %; 0 when nothing was counted.
    /// </summary>
    public long Percentile(double percentile)
    {
        if (Count == 0)
        {
            return 0;
        }

        var rank = Math.Clamp((long)Math.Ceiling(percentile / 100 * Count), 1, Count);
        long seen = 0;
        for (var i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= rank)
            {
                return Math.Clamp(MiddleOf(i), _smallest, MaxNanoseconds);
            }
        }

        return MaxNanoseconds;
    }

    // Below two doublings' worth of buckets each value has its own; above, the 7 leading bits name the bucket.
    private static int IndexOf(long value)
    {
        if (value < 2 * BucketsPerDoubling)
        {
            return (int)value;
        }

        var shift = BitOperations.Log2((ulong)value) - BucketsPerDoublingLog2;
        return (shift << BucketsPerDoublingLog2) + (int)(value >> shift);
    }

    private static long MiddleOf(int index)
    {
        if (index < 2 * BucketsPerDoubling)
        {
            return index;
        }

        var shift = (index >> BucketsPerDoublingLog2) - 1;
        var lower = (long)((index & (BucketsPerDoubling - 1)) + BucketsPerDoubling) << shift;
        return lower + (1L << shift) / 2;
    }
}
