using Bedplate.Bench.Measurement;

namespace Bedplate.Bench.Load;

/// <summary>How the gaps between requests of an open loop are drawn.</summary>
internal enum ArrivalDistribution
{
    /// <summary>Equal gaps.</summary>
    Constant,

    /// <summary>Exponential gaps, as of many callers who know nothing of each other.</summary>
    Poisson,
}

/// <summary>
/// The times at which one load thread's requests fall due, in nanoseconds from the start of the level. They depend on
/// nothing that happens during the run: a slow answer never moves a later request (no coordinated omission).
/// The threads' schedules together are the schedule of the whole rate: interleaved where gaps are constant, and
/// independent where they are exponential, because Poisson processes add up to one.
/// </summary>
internal sealed class ArrivalSchedule
{
    private readonly Random? _random;
    private readonly double _meanGapNanoseconds;
    private double _due;

    /// <summary>
    /// The part of thread <paramref name="thread"/> in <paramref name="threads"/> of a rate in requests per second.
    /// </summary>
    public ArrivalSchedule(ArrivalDistribution distribution, double rate, int thread, int threads, int seed)
    {
        _meanGapNanoseconds = MonotonicClock.NanosecondsPerSecond / rate * threads;
        if (distribution == ArrivalDistribution.Poisson)
        {
            _random = new Random(HashSeed(seed, thread));
            _due = Gap();
        }
        else
        {
            _due = MonotonicClock.NanosecondsPerSecond / rate * thread;
        }
    }

    /// <summary>When the next request is due.</summary>
    public long Next => (long)_due;

    /// <summary>The mean of the gaps between this thread's requests.</summary>
    public double MeanGapNanoseconds => _meanGapNanoseconds;

    /// <summary>Moves on to the request after the next one.</summary>
    public void Advance() => _due += Gap();

    // 1 − u is in (0, 1], whose logarithm is finite.
    private double Gap() => _random is null ? _meanGapNanoseconds : -Math.Log(1 - _random.NextDouble()) * _meanGapNanoseconds;

    // Random's first values of neighbouring seeds are correlated; an odd multiplier spreads them.
    private static int HashSeed(int seed, int thread) => unchecked((seed + 1) * -1640531527 + thread * 40503 + 12345);
}
