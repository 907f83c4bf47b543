using Bedplate.Bench.Clients.OpenInference;
using Bedplate.Bench.Load;

namespace Bedplate.Bench.Measurement;

/// <summary>What one level came to: the sum of the windows it was judged by.</summary>
internal sealed record LevelResult
{
    private LevelResult(LoadLevel level, LoadRecord totals)
    {
        Level = level;
        Totals = totals;
    }

    /// <summary>The load.</summary>
    public LoadLevel Level { get; }

    /// <summary>Everything counted.</summary>
    public LoadRecord Totals { get; }

    /// <summary>Windows measured, of which the last three (or fewer) are in <see cref="Totals"/>.</summary>
    public required int Windows { get; init; }

    /// <summary>Whether the last three windows agreed.</summary>
    public required bool IsStable { get; init; }

    /// <summary>Whether the level was cut short.</summary>
    public required bool IsInterrupted { get; init; }

    /// <summary>Processor time of this process.</summary>
    public required TimeSpan ClientCpu { get; init; }

    /// <summary>How busy the load threads were, 0 to 1: near 1 the client is what limits.</summary>
    public required double ClientUtilization { get; init; }

    /// <summary>What the server counted meanwhile; null when it does not say.</summary>
    public required ServerStatistics? Server { get; init; }

    /// <summary>Seconds measured.</summary>
    public double Seconds => (double)Totals.ElapsedNanoseconds / MonotonicClock.NanosecondsPerSecond;

    /// <summary>Answers per second.</summary>
    public double Throughput => PerSecond(Totals.Answered);

    /// <summary>Answers within the deadline, per second.</summary>
    public double Goodput => PerSecond(Totals.AnsweredInTime);

    /// <summary>This process's processor time per request that ended.</summary>
    public double ClientCpuMicroseconds => Per(ClientCpu.TotalMicroseconds, Totals.Answered + Totals.Failed);

    /// <summary>Mean time from the first to the last bytes of an answer.</summary>
    public double ReceiveMicroseconds => Per(Totals.ReceiveNanoseconds / 1000, Totals.Answered);

    /// <summary>
    /// What the latency has beyond the server's own account of a request: protocol work on both sides, the network,
    /// and waiting outside of the scheduler. Null without statistics.
    /// </summary>
    public double? OverheadMicroseconds => Server is { Success.Count: > 0 } server
        ? (Totals.Latency.MeanNanoseconds - server.Success.MeanNanoseconds) / 1000
        : null;

    /// <summary>The latency that decides: a percentile, or the mean.</summary>
    public double JudgedNanoseconds(double? percentile) => Judged(Totals, percentile);

    /// <summary>The latency of a record that decides: a percentile, or the mean.</summary>
    public static double Judged(LoadRecord record, double? percentile) =>
        percentile is { } p ? record.Latency.Percentile(p) : record.Latency.MeanNanoseconds;

    /// <summary>Sums up a level.</summary>
    /// <param name="level">The load.</param>
    /// <param name="windows">All windows, at least one.</param>
    /// <param name="judged">How many of the last windows count.</param>
    /// <param name="carried">What the last of them left unanswered, and how that ended.</param>
    /// <param name="threads">Load threads that took part.</param>
    /// <param name="isStable">Whether the judged windows agree.</param>
    /// <param name="isInterrupted">Whether the level was cut short.</param>
    public static LevelResult Create(
        LoadLevel level,
        IReadOnlyList<MeasuredWindow> windows,
        int judged,
        LoadRecord carried,
        int threads,
        bool isStable,
        bool isInterrupted)
    {
        var counted = windows.Skip(windows.Count - judged).ToList();
        var totals = new LoadRecord();
        foreach (var window in counted)
        {
            totals.Add(window.Record, continues: true);
        }

        totals.AddCarried(carried);
        return new LevelResult(level, totals)
        {
            Windows = windows.Count,
            IsStable = isStable,
            IsInterrupted = isInterrupted,
            ClientCpu = counted.Aggregate(TimeSpan.Zero, (sum, window) => sum + window.ClientCpu),
            ClientUtilization = Per(totals.BusyNanoseconds, (double)totals.ElapsedNanoseconds * threads),
            Server = counted[^1].ServerAfter is { } after && counted[0].ServerBefore is { } before
                ? after.Since(before)
                : null,
        };
    }

    private double PerSecond(long count) => Per(count, Seconds);

    private static double Per(double amount, double count) => count > 0 ? amount / count : 0;
}
