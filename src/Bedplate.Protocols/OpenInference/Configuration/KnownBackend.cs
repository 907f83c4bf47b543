using System.Collections.Immutable;

namespace Bedplate.Protocols.OpenInference.Configuration;

/// <summary>A backend that Triton's configurations name.</summary>
/// <param name="Name">The name, as in "onnxruntime".</param>
/// <param name="Platforms">The platforms that belong to it, the first the one reported; empty where any may be given.</param>
/// <param name="FileName">The model's file when the configuration names none; null where the model needs none.</param>
internal sealed record KnownBackend(string Name, ImmutableArray<string> Platforms, string? FileName)
{
    /// <summary>Whether it is served here.</summary>
    public bool IsServed { get; init; }
}
