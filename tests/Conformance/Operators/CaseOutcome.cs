namespace Bedplate.Tests.Conformance.Operators;

/// <summary>How far a case comes.</summary>
internal enum CaseStage
{
    Load,
    Metadata,
    Inference,
    Values,
    Unload,
    Passed,
}

/// <summary>What came of a case.</summary>
/// <param name="Stage">Where it failed, or <see cref="CaseStage.Passed"/>.</param>
/// <param name="Fault">What was wrong; empty when it passed.</param>
internal sealed record CaseOutcome(CaseStage Stage, string Fault)
{
    public static CaseOutcome Passed { get; } = new(CaseStage.Passed, "");

    /// <inheritdoc/>
    public override string ToString() => Stage == CaseStage.Passed ? "passed" : $"failed at {Stage}: {Fault}";
}
