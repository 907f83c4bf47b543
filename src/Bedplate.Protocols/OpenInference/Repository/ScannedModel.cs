using System.Collections.Immutable;
using Bedplate.Contracts.OpenInference;
using Bedplate.Inference.Models;

namespace Bedplate.Protocols.OpenInference.Repository;

/// <summary>A model as it was found in a repository.</summary>
public sealed record ScannedModel
{
    /// <summary>Its name: its directory's.</summary>
    public required string Name { get; init; }

    /// <summary>The repository's path, as it was given.</summary>
    public required string Repository { get; init; }

    /// <summary>Why the model cannot be served; null when it can.</summary>
    public string? Problem { get; init; }

    /// <summary>What the engine is to serve; null when there is a problem.</summary>
    public ModelSpec? Spec { get; init; }

    /// <summary>The configuration with its defaults; null when it cannot be read.</summary>
    public ModelConfig? Config { get; init; }

    /// <summary>What the configuration says without effect, and what in the directory is ignored.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];

    /// <summary>Changes with the configuration, the labels and everything else beside the versions.</summary>
    public string ConfigStamp { get; init; } = "";

    /// <summary>Each version's stamp, which changes with its files.</summary>
    public ImmutableSortedDictionary<long, string> VersionStamps { get; init; } = ImmutableSortedDictionary<long, string>.Empty;

    /// <summary>Whether nothing has changed between two scans.</summary>
    public bool IsSameAs(ScannedModel other) =>
        Repository == other.Repository
        && ConfigStamp == other.ConfigStamp
        && Problem == other.Problem
        && VersionStamps.SequenceEqual(other.VersionStamps);
}
