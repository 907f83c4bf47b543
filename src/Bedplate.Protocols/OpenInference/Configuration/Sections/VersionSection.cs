using Bedplate.Contracts.OpenInference;
using Bedplate.Inference.Models;

namespace Bedplate.Protocols.OpenInference.Configuration.Sections;

/// <summary>Which versions are served: version_policy.</summary>
internal static class VersionSection
{
    /// <summary>
    /// The versions that have the model's file. One without is no version yet: its directory is made first and its file
    /// is copied after.
    /// </summary>
    public static ModelFiles Present(ModelConfig config, ModelFiles files, ConfigFindings findings)
    {
        if (config.DefaultModelFilename.Length == 0 || config.Backend == ModelBackends.Identity)
        {
            return files;
        }

        var entry = config.DefaultModelFilename.Split('/')[0];
        foreach (var version in files.Versions.Where(version => !version.Entries.Contains(entry)))
        {
            findings.Note("version_policy", $"version {version.Number} is left out: it has no '{config.DefaultModelFilename}'");
        }

        return files with { Versions = [.. files.Versions.Where(version => version.Entries.Contains(entry))] };
    }

    /// <param name="config">The configuration.</param>
    /// <param name="files">Everything there is, for the message.</param>
    /// <param name="present">The versions to choose from.</param>
    /// <param name="findings">Takes the faults.</param>
    public static void Check(ModelConfig config, ModelFiles files, ModelFiles present, ConfigFindings findings)
    {
        if (config.VersionPolicy.Specific is { } specific)
        {
            if (specific.Versions.Count == 0)
            {
                findings.Fault("version_policy.specific.versions", "no version is listed; list at least one");
            }

            for (var i = 0; i < specific.Versions.Count; i++)
            {
                if (specific.Versions[i] < 1)
                {
                    findings.Fault(
                        $"version_policy.specific.versions[{i}]", $"{specific.Versions[i]} is no version; versions start at 1");
                }
            }
        }

        if (ToPolicy(config).Select(present.Versions.Select(version => version.Number)).Count == 0)
        {
            findings.Fault(
                "version_policy",
                $"at least one version must be available under the version policy of model '{config.Name}';"
                + $" {Describe(config, files, present)}");
        }
    }

    public static VersionPolicy ToPolicy(ModelConfig config) => config.VersionPolicy switch
    {
        { All: not null } => VersionPolicy.All,
        { Specific: { } specific } => VersionPolicy.Specific([.. specific.Versions]),
        { Latest: { } latest } => VersionPolicy.Latest((int)Math.Min(latest.NumVersions, int.MaxValue)),
        _ => VersionPolicy.LatestOnly,
    };

    private static string Describe(ModelConfig config, ModelFiles files, ModelFiles present) =>
        files.Versions.IsEmpty ? "there is no version directory, as in '1'"
        : present.Versions.IsEmpty ? $"no version has the file '{config.DefaultModelFilename}'"
        : $"there are {string.Join(", ", present.Versions.Select(version => version.Number))}";
}
