namespace Bedplate.Inference;

/// <summary>
/// Who a request is made for, as the engine needs to know it: to separate, to share fairly, to account. Opaque: the
/// engine compares callers and never interprets them. Instances are long-lived (one per principal, made by whoever
/// authenticates), so that carrying one costs nothing.
/// </summary>
/// <param name="Project">The project (tenant) the request belongs to.</param>
/// <param name="Principal">Who acts within it; empty where nobody was asked to say.</param>
/// <param name="ShareWeight">Relative share of a saturated model; a caller of weight 2 gets twice what one of weight 1 gets.</param>
public sealed record Caller(string Project, string Principal, double ShareWeight = 1.0)
{
    /// <summary>The project of a request that names none.</summary>
    public const string DefaultProject = "default";

    /// <summary>The caller of a request on a server without identities.</summary>
    public static Caller Anonymous { get; } = new(DefaultProject, string.Empty);
}
