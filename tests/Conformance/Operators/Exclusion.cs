namespace Bedplate.Tests.Conformance.Operators;

/// <summary>A case that is known not to pass.</summary>
/// <param name="Case">Its name.</param>
/// <param name="Reason">Why.</param>
/// <param name="RunnerError">What an independent runner, onnxruntime-node, says to it.</param>
internal sealed record Exclusion(string Case, ExclusionReason Reason, string RunnerError);
