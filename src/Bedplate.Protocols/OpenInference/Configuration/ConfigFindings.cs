using System.Collections.Immutable;

namespace Bedplate.Protocols.OpenInference.Configuration;

/// <summary>Collects all findings about one configuration, so that they are reported at once.</summary>
internal sealed class ConfigFindings(string model)
{
    private readonly List<ConfigFinding> _findings = [];

    /// <summary>The model's name; Triton's texts contain it.</summary>
    public string Model => model;

    /// <summary>Whether a fault is among the findings.</summary>
    public bool HasFaults => _findings.Exists(finding => finding.Severity == ConfigSeverity.Fault);

    /// <summary>The setting makes the model unservable.</summary>
    public void Fault(string field, string message) => _findings.Add(new ConfigFinding(ConfigSeverity.Fault, field, message));

    /// <summary>A feature of Triton that is not there yet.</summary>
    public void NotSupported(string field, string feature, string advice) =>
        Fault(field, $"{feature} not supported yet; {advice}");

    /// <summary>The setting has no effect.</summary>
    public void Note(string field, string message) => _findings.Add(new ConfigFinding(ConfigSeverity.Note, field, message));

    /// <summary>All findings, in the order in which they were found.</summary>
    public ImmutableArray<ConfigFinding> ToImmutable() => [.. _findings];
}
