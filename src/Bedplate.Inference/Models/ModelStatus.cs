namespace Bedplate.Inference.Models;

/// <summary>Where a version is in its life.</summary>
public enum ModelState : byte
{
    /// <summary>Never heard of, or gone without a trace.</summary>
    Unknown = 0,

    /// <summary>Being tried, loaded or warmed up.</summary>
    Loading,

    /// <summary>Takes requests.</summary>
    Ready,

    /// <summary>Takes no further requests and finishes those it has.</summary>
    Unloading,

    /// <summary>Cannot be served, or has been unloaded; the reason says which.</summary>
    Unavailable,
}

/// <summary>The observed state of one version.</summary>
/// <param name="Name">The model's name.</param>
/// <param name="Version">The version's number; 0 for a model none of whose versions is known.</param>
/// <param name="State">Where it is.</param>
/// <param name="Reason">Why it is unavailable; empty otherwise.</param>
public sealed record ModelStatus(string Name, long Version, ModelState State, string Reason);
