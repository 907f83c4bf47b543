using System.Collections.Immutable;

namespace Bedplate.Protocols.OpenInference.Repository;

/// <summary>What all repositories held at one moment. Immutable.</summary>
/// <param name="Models">The models, by name in ordinal order.</param>
/// <param name="Notes">What in the repositories is ignored, and why.</param>
public sealed record RepositoryScan(ImmutableSortedDictionary<string, ScannedModel> Models, ImmutableArray<string> Notes)
{
    /// <summary>No models.</summary>
    public static RepositoryScan Empty { get; } =
        new(ImmutableSortedDictionary.Create<string, ScannedModel>(StringComparer.Ordinal), []);
}
