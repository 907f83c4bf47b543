using Bedplate.Bench.Clients.OpenInference;

namespace Bedplate.Bench.Measurement;

/// <summary>One window over all load threads.</summary>
/// <param name="Record">What ended in it.</param>
/// <param name="ClientCpu">Processor time of this whole process during it.</param>
/// <param name="ServerBefore">The server's counters when it began, if it has them.</param>
/// <param name="ServerAfter">The same when it ended.</param>
internal sealed record MeasuredWindow(
    LoadRecord Record, TimeSpan ClientCpu, ServerStatistics? ServerBefore, ServerStatistics? ServerAfter);
