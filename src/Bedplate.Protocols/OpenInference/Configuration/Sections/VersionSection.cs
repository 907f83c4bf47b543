using Bedplate.Contracts.OpenInference;
using Bedplate.Inference.Models;

namespace Bedplate.Protocols.OpenInference.Configuration.Sections;

/// <summary>Which versions are served: version_policy.</summary>
internal static class VersionSection
{
    public static void Check(ModelConfig config, ModelFiles files, ConfigFindings findings)
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

        if (ToPolicy(config).Select(files.Versions.Select(version => version.Number)).Count == 0)
        {
            var found = files.Versions.IsEmpty
                ? "there is no version directory, as in '1'"
                : $"there are {string.Join(", ", files.Versions.Select(version => version.Number))}";
            findings.Fault(
                "version_policy",
                $"at least one version must be available under the version policy of model '{config.Name}'; {found}");
        }
    }

    public static VersionPolicy ToPolicy(ModelConfig config) => config.VersionPolicy switch
    {
        { All: not null } => VersionPolicy.All,
        { Specific: { } specific } => VersionPolicy.Specific([.. specific.Versions]),
        { Latest: { } latest } => VersionPolicy.Latest((int)Math.Min(latest.NumVersions, int.MaxValue)),
        _ => VersionPolicy.LatestOnly,
    };
}
