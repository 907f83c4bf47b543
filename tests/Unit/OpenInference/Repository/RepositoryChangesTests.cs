using System.Collections.Immutable;
using Bedplate.Protocols.OpenInference.Repository;

namespace Bedplate.Tests.Unit.OpenInference.Repository;

public class RepositoryChangesTests
{
    [Fact]
    public void Two_scans_compare_into_added_changed_and_removed()
    {
        var before = ScanOf(
            Model("same", "c", "1:a"),
            Model("gone", "c", "1:a"),
            Model("config", "c", "1:a"),
            Model("versions", "c", "1:a", "2:b", "3:c"),
            Model("broken", "c", "1:a"),
            Model("moved", "c", "1:a"));
        var after = ScanOf(
            Model("same", "c", "1:a"),
            Model("new", "c", "1:a"),
            Model("config", "d", "1:a"),
            Model("versions", "c", "2:x", "3:c", "4:d"),
            Model("broken", "c", "1:a") with { Problem = "no" },
            Model("moved", "c", "1:a") with { Repository = "/other" });

        var changes = RepositoryChanges.Between(before, after);
        Assert.Equal(["new"], changes.Added.Select(model => model.Name));
        Assert.Equal(["gone"], changes.Removed.Select(model => model.Name));
        Assert.Equal(["broken", "config", "moved", "versions"], changes.Changed.Select(change => change.After.Name));

        var byName = changes.Changed.ToDictionary(change => change.After.Name);
        Assert.True(byName["config"].IsConfigChanged);
        Assert.True(byName["moved"].IsConfigChanged);
        Assert.False(byName["versions"].IsConfigChanged);
        Assert.False(byName["broken"].IsConfigChanged);
        Assert.Equal([4], byName["versions"].VersionsAdded);
        Assert.Equal([2], byName["versions"].VersionsChanged);
        Assert.Equal([1], byName["versions"].VersionsRemoved);
    }

    [Fact]
    public void Equal_scans_have_no_difference()
    {
        Assert.True(RepositoryChanges.Between(ScanOf(Model("m", "c", "1:a")), ScanOf(Model("m", "c", "1:a"))).IsEmpty);
        Assert.True(RepositoryChanges.Between(RepositoryScan.Empty, RepositoryScan.Empty).IsEmpty);
        Assert.False(RepositoryChanges.Between(RepositoryScan.Empty, ScanOf(Model("m", "c"))).IsEmpty);
    }

    /// <summary>A model with versions given as "number:stamp".</summary>
    internal static ScannedModel Model(string name, string configStamp, params string[] versions) => new()
    {
        Name = name,
        Repository = "/r",
        ConfigStamp = configStamp,
        VersionStamps = versions.Select(version => version.Split(':'))
            .ToImmutableSortedDictionary(parts => long.Parse(parts[0]), parts => parts[1]),
    };

    internal static RepositoryScan ScanOf(params ScannedModel[] models) =>
        new(models.ToImmutableSortedDictionary(model => model.Name, model => model, StringComparer.Ordinal), []);
}
