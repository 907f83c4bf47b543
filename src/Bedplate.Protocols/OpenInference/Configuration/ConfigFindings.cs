using System.Collections.Immutable;

namespace Bedplate.Protocols.OpenInference.Configuration;

/// <summary>Collects all findings about one configuration, so that they are reported at once.</summary>
internal sealed class ConfigFindings
{
    // More than anyone reads; a hostile configuration can have a million.
    private const int MaxFindings = 100;

    private readonly List<ConfigFinding> _findings = [];
    private int _left;

    /// <summary>Whether a fault is among the findings.</summary>
    public bool HasFaults { get; private set; }

    /// <summary>The setting makes the model unservable.</summary>
    public void Fault(string field, string message)
    {
        HasFaults = true;
        Add(new ConfigFinding(ConfigSeverity.Fault, field, message));
    }

    /// <summary>A feature of Triton that is not there yet.</summary>
    public void NotSupported(string field, string feature, string advice) =>
        Fault(field, $"{feature} not supported yet; {advice}");

    /// <summary>The setting has no effect.</summary>
    public void Note(string field, string message) => Add(new ConfigFinding(ConfigSeverity.Note, field, message));

    /// <summary>The findings, in the order in which they were found.</summary>
    public ImmutableArray<ConfigFinding> ToImmutable()
    {
        if (_left == 0)
        {
            return [.. _findings];
        }

        var severity = HasFaults ? ConfigSeverity.Fault : ConfigSeverity.Note;
        return [.. _findings, new ConfigFinding(severity, "", $"{_left} more findings are left out")];
    }

    private void Add(ConfigFinding finding)
    {
        if (_findings.Count < MaxFindings)
        {
            _findings.Add(finding);
        }
        else
        {
            _left++;
        }
    }
}
