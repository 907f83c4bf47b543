namespace Bedplate.Bench.Load.Generators;

/// <summary>What a load generator saw.</summary>
/// <param name="Requests">Requests that were answered with success.</param>
/// <param name="Failed">Requests that were not.</param>
/// <param name="Seconds">How long it went on.</param>
/// <param name="P50">Median latency in milliseconds.</param>
/// <param name="P99">99th percentile in milliseconds.</param>
internal sealed record LoadResult(long Requests, long Failed, double Seconds, double P50, double P99)
{
    /// <summary>Answers per second.</summary>
    public double PerSecond => Requests / Seconds;

    /// <summary>Ends the measurement when requests failed: figures of failures say nothing.</summary>
    public LoadResult RequireSuccess(string what) => Failed == 0 && Requests > 0
        ? this
        : throw new LoadException($"{what}: {Failed} requests failed and {Requests} were answered; the figures would say nothing.");
}
