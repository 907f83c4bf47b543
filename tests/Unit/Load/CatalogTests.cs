using System.Text.RegularExpressions;
using Bedplate.Bench.Load.Experiments;

namespace Bedplate.Tests.Unit.Load;

public partial class CatalogTests
{
    [Fact]
    public void The_readme_lists_every_experiment_in_order()
    {
        var page = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "docs", "bench.md"));
        Assert.Equal(Catalog.All.Select(experiment => experiment.Name), Row().Matches(page).Select(row => row.Groups["name"].Value));
    }

    [Fact]
    public void Every_experiment_class_is_in_the_catalog() => Assert.Equal(
        typeof(IExperiment).Assembly.GetTypes().Where(type => type.IsClass && type.IsAssignableTo(typeof(IExperiment))).ToHashSet(),
        Catalog.All.Select(experiment => experiment.GetType()).ToHashSet());

    // A row of the table begins with the experiment's name as code.
    [GeneratedRegex("^\\| `(?<name>[a-z-]+)` \\|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
