namespace Bedplate.Bench.Load.Results;

/// <summary>One measured number that has a target.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Value">How much.</param>
/// <param name="Unit">Of what; "×" for ratios.</param>
/// <param name="Target">What it is held against.</param>
internal sealed record Figure(string Name, double Value, string Unit, Target Target)
{
    /// <summary>Whether the target is reached.</summary>
    public bool IsReached => Target.IsReachedBy(Value);

    /// <summary>The verdict in words.</summary>
    public string Verdict => IsReached ? "reached" : "fell short";
}
