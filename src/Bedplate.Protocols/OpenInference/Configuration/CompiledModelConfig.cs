using System.Collections.Immutable;
using Bedplate.Contracts.OpenInference;
using Bedplate.Inference.Models;

namespace Bedplate.Protocols.OpenInference.Configuration;

/// <summary>What a configuration comes to.</summary>
public sealed record CompiledModelConfig
{
    /// <summary>
    /// The configuration with its defaults filled in, as far as they do not need the loaded model; see
    /// <see cref="ModelConfigCompletion"/> for the rest. Not to be changed.
    /// </summary>
    public required ModelConfig Config { get; init; }

    /// <summary>What the engine is to serve; null when there is a fault.</summary>
    public ModelSpec? Spec { get; init; }

    /// <summary>Files with class names, by the output they belong to; full paths.</summary>
    public ImmutableDictionary<string, string> LabelFiles { get; init; } = [];

    /// <summary>Everything there is to say, faults and notes.</summary>
    public ImmutableArray<ConfigFinding> Findings { get; init; } = [];

    /// <summary>All faults as one text; null when there is none.</summary>
    public string? Problem
    {
        get
        {
            var faults = Findings.Where(finding => finding.Severity == ConfigSeverity.Fault).ToList();
            return faults.Count == 0 ? null : string.Join("; ", faults);
        }
    }
}
