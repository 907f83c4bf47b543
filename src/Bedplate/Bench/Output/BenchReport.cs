using Bedplate.Bench.Clients.OpenInference;
using Bedplate.Bench.Measurement;
using Bedplate.Bench.Verification;

namespace Bedplate.Bench.Output;

/// <summary>Everything that a run found out.</summary>
/// <param name="Options">What was asked for.</param>
/// <param name="Model">The model.</param>
/// <param name="DistinctInputs">How many different requests were sent in turn.</param>
/// <param name="Levels">The levels in the order in which they were measured.</param>
/// <param name="Best">The highest level that kept the limit; null without a limit, or when none did.</param>
/// <param name="Verifier">The verification, if there was one.</param>
internal sealed record BenchReport(
    BenchOptions Options,
    ModelMetadata Model,
    int DistinctInputs,
    IReadOnlyList<BenchReport.MeasuredLevel> Levels,
    double? Best,
    Verifier? Verifier)
{
    /// <summary>A level, and whether it kept the limit; null when there is none.</summary>
    internal sealed record MeasuredLevel(LevelResult Result, bool? KeptLimit);
}
