namespace Bedplate.Server.Settings;

/// <summary>The settings cannot be used; the server does not start.</summary>
public sealed class SettingsException(IReadOnlyList<string> faults) : Exception(string.Join(Environment.NewLine, faults))
{
    /// <summary>Every fault, each with what to do.</summary>
    public IReadOnlyList<string> Faults { get; } = faults;
}
