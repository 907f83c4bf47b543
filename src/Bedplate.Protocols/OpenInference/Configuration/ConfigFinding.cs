namespace Bedplate.Protocols.OpenInference.Configuration;

/// <summary>What a finding means for the model.</summary>
public enum ConfigSeverity : byte
{
    /// <summary>The setting has no effect here; the model is served all the same.</summary>
    Note = 0,

    /// <summary>The model cannot be served with this configuration.</summary>
    Fault,
}

/// <summary>Something to say about a model's configuration.</summary>
/// <param name="Severity">Whether the model can be served.</param>
/// <param name="Field">The field's path, as in "input[0].dims".</param>
/// <param name="Message">
/// What is wrong, with the value, and what to do. Where Triton has a text for the same fault it comes first, so that a
/// client that looks for it finds it.
/// </param>
public sealed record ConfigFinding(ConfigSeverity Severity, string Field, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Field}: {Message}";
}
