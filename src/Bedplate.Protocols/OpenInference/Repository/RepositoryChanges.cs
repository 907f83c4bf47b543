using System.Collections.Immutable;

namespace Bedplate.Protocols.OpenInference.Repository;

/// <summary>What is different between two scans.</summary>
/// <param name="Added">Models that were not there before.</param>
/// <param name="Changed">Models that were there and are different.</param>
/// <param name="Removed">Models that are no longer there, as they were.</param>
public sealed record RepositoryChanges(
    ImmutableArray<ScannedModel> Added, ImmutableArray<ModelChange> Changed, ImmutableArray<ScannedModel> Removed)
{
    /// <summary>Whether there is no difference.</summary>
    public bool IsEmpty => Added.IsEmpty && Changed.IsEmpty && Removed.IsEmpty;

    /// <summary>Compares two scans; each list is in the order of the models' names.</summary>
    public static RepositoryChanges Between(RepositoryScan before, RepositoryScan after)
    {
        var added = ImmutableArray.CreateBuilder<ScannedModel>();
        var changed = ImmutableArray.CreateBuilder<ModelChange>();
        foreach (var model in after.Models.Values)
        {
            if (!before.Models.TryGetValue(model.Name, out var earlier))
            {
                added.Add(model);
            }
            else if (!model.IsSameAs(earlier))
            {
                changed.Add(new ModelChange(earlier, model));
            }
        }

        return new RepositoryChanges(
            added.ToImmutable(),
            changed.ToImmutable(),
            [.. before.Models.Values.Where(model => !after.Models.ContainsKey(model.Name))]);
    }
}

/// <summary>How a model has changed.</summary>
/// <param name="Before">As it was.</param>
/// <param name="After">As it is.</param>
public sealed record ModelChange(ScannedModel Before, ScannedModel After)
{
    /// <summary>Whether the configuration, the labels or anything else beside the versions has changed.</summary>
    public bool IsConfigChanged => Before.ConfigStamp != After.ConfigStamp || Before.Repository != After.Repository;

    /// <summary>Versions that were not there before.</summary>
    public IEnumerable<long> VersionsAdded => After.VersionStamps.Keys.Except(Before.VersionStamps.Keys);

    /// <summary>Versions whose files have changed.</summary>
    public IEnumerable<long> VersionsChanged => After.VersionStamps
        .Where(version => Before.VersionStamps.TryGetValue(version.Key, out var stamp) && stamp != version.Value)
        .Select(version => version.Key);

    /// <summary>Versions that are no longer there.</summary>
    public IEnumerable<long> VersionsRemoved => Before.VersionStamps.Keys.Except(After.VersionStamps.Keys);
}
