namespace Bedplate.Bench.Verification;

/// <summary>
/// The first difference between an answer under load and the answer of the single-request run.
/// </summary>
/// <param name="RequestNumber">The number of the request within the run.</param>
/// <param name="InputIndex">Which of the distinct inputs it carried.</param>
/// <param name="Output">The output that differs, or empty when the answer differs as a whole.</param>
/// <param name="Index">The element, counted row-major; −1 when shape or type differ.</param>
/// <param name="Expected">What the single-request run gave.</param>
/// <param name="Actual">What came under load.</param>
internal sealed record Mismatch(long RequestNumber, int InputIndex, string Output, long Index, string Expected, string Actual)
{
    /// <summary>One line for the report.</summary>
    public override string ToString() => Index >= 0
        ? $"request {RequestNumber} (input {InputIndex}): output '{Output}' element {Index} is {Actual}, expected {Expected}"
        : $"request {RequestNumber} (input {InputIndex}): output '{Output}' is {Actual}, expected {Expected}";
}
