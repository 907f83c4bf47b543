namespace Bedplate.Protocols.OpenInference;

/// <summary>
/// How messages name an option that is in the way: as whoever runs <c>bedplate serve</c> sets it, and as code does that
/// has the protocol within itself.
/// </summary>
internal static class SettingNames
{
    public const string MaxRequestBytes = $"the setting max-request-size (in code: {nameof(OpenInferenceOptions.MaxRequestBytes)})";

    public const string AllowLoadOverride = $"the setting allow-load-override (in code: {nameof(OpenInferenceOptions.AllowLoadOverride)})";

    public const string MaxLoadOverrideBytes = $"the setting max-load-override-size (in code: {nameof(OpenInferenceOptions.MaxLoadOverrideBytes)})";
}
