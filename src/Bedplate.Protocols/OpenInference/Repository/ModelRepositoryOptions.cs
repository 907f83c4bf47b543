using System.Collections.Immutable;

namespace Bedplate.Protocols.OpenInference.Repository;

/// <summary>Which repositories are served.</summary>
public sealed record ModelRepositoryOptions
{
    /// <summary>The repositories' directories (Triton's <c>--model-repository</c>, which may be given several times).</summary>
    public required ImmutableArray<string> Paths { get; init; }

    /// <summary>
    /// The configuration that is preferred where a model has it as <c>configs/NAME.pbtxt</c> (Triton's
    /// <c>--model-config-name</c>); null, the default, for <c>config.pbtxt</c> always.
    /// </summary>
    public string? ConfigName { get; init; }

    /// <summary>All that is wrong with the options.</summary>
    public IEnumerable<string> Check()
    {
        if (Paths.IsDefaultOrEmpty)
        {
            yield return "no model repository is given";
            yield break;
        }

        foreach (var path in Paths.Where(path => !Directory.Exists(path)))
        {
            yield return $"the model repository '{path}' is no directory";
        }

        if (Paths.Select(Path.GetFullPath).Distinct(StringComparer.Ordinal).Count() < Paths.Length)
        {
            yield return "a model repository is given twice";
        }

        if (ConfigName is not null && (ConfigName.Length == 0 || ConfigName.AsSpan().ContainsAny("/\\ ") || ConfigName[0] == '.'))
        {
            yield return $"the configuration name '{ConfigName}' is no file's name without its .pbtxt";
        }
    }
}
