namespace Bedplate.Tests.Fuzz.Engine;

/// <summary>What came of one input.</summary>
/// <param name="IsAccepted">Whether the parser took it.</param>
/// <param name="Behaviour">
/// What kind of answer it was, without the input's own words and numbers: inputs that are answered in a new way are
/// worth changing further.
/// </param>
/// <param name="Fault">What is wrong with the answer, beginning with the kind of fault and a colon; null if nothing is.</param>
internal readonly record struct FuzzVerdict(bool IsAccepted, string Behaviour, string? Fault = null)
{
    /// <summary>The answer is wrong.</summary>
    public static FuzzVerdict Wrong(string kind, string detail) => new(false, "", $"{kind}: {detail}");

    /// <summary>The fault without its details.</summary>
    public string? Kind => Fault?[..Fault.IndexOf(':', StringComparison.Ordinal)];
}
