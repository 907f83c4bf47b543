using Bedplate.Bench.Measurement;

namespace Bedplate.Bench.Load;

/// <summary>
/// Whether a level is one that the server sustains: its latency is within the threshold, next to no request failed,
/// and an open loop was kept up with. A server that sheds what it cannot do in time has quick answers and yet misses.
/// </summary>
internal sealed class LatencyLimit(TimeSpan threshold, double? percentile)
{
    private const double LargestFailedShare = 0.01;
    private const double LeastShareAnswered = 0.95;

    /// <summary>Whether the level kept the limit.</summary>
    public bool IsKept(LevelResult result)
    {
        var totals = result.Totals;
        var ended = totals.Answered + totals.Failed;
        return totals.Answered > 0
            && result.JudgedNanoseconds(percentile) <= threshold.TotalNanoseconds
            && totals.Failed <= ended * LargestFailedShare
            && totals.Unsent == 0
            && totals.Abandoned == 0
            && (result.Level.Mode == LoadMode.Concurrency || totals.Answered >= totals.Sent * LeastShareAnswered);
    }
}
