using System.Globalization;

namespace Bedplate.Tests.Conformance.Operators;

/// <summary>docs/reference/conformance.md counts what there is.</summary>
public class ConformancePageTests
{
    private static readonly List<string[]> Rows =
    [
        .. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "docs", "conformance.md"))
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal))
            .Select(line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries)),
    ];

    [Fact]
    public void Cases_and_exclusions_are_counted_by_group()
    {
        var groups = OperatorCases.All.Keys.CountBy(GroupOf).ToDictionary();
        var excluded = Exclusions.All.Keys.CountBy(GroupOf).ToDictionary();
        Assert.Equal(
            groups.OrderBy(group => group.Key).Select(group => $"{group.Key}: {group.Value}, {excluded.GetValueOrDefault(group.Key)} excluded"),
            RowsUnder("group").Select(row => $"{row[0]}: {NumberIn(row[1])}, {NumberIn(row[2])} excluded").Order());
    }

    [Fact]
    public void Exclusions_are_counted_by_reason() => Assert.Equal(
        Exclusions.All.Values.CountBy(exclusion => exclusion.Reason).Select(reason => $"{reason.Key}: {reason.Value}").Order(),
        RowsUnder("reason").Select(row => $"{Enum.Parse<ExclusionReason>(row[0])}: {NumberIn(row[1])}").Order());

    private static string GroupOf(string name) => name.Split('/')[0];

    private static int NumberIn(string cell) => int.Parse(cell, CultureInfo.InvariantCulture);

    // The rows of the table whose first column has this name.
    private static IEnumerable<string[]> RowsUnder(string column)
    {
        string[] columns = ["group", "reason"];
        return Rows.SkipWhile(row => row[0] != column).Skip(1).TakeWhile(row => !columns.Contains(row[0]));
    }
}
