namespace Bedplate.Bench.Load.Models;

/// <summary>What a loop over the runtime gave.</summary>
/// <param name="PerSecond">Runs per second, all threads together.</param>
/// <param name="CpuMilliseconds">Processor time of a run.</param>
/// <param name="P50">Median time of a run in milliseconds.</param>
internal sealed record BareResult(double PerSecond, double CpuMilliseconds, double P50);
