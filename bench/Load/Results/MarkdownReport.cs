using System.Globalization;
using System.Text;

namespace Bedplate.Bench.Load.Results;

/// <summary>A report as a page of bench/results.</summary>
internal static class MarkdownReport
{
    /// <summary>Writes the page and returns its path. A second run on one day takes the first one's place.</summary>
    public static string Save(Report report, Machine machine)
    {
        var file = Path.Combine(
            Checkout.Results, string.Create(CultureInfo.InvariantCulture, $"{report.StartedAt:yyyy-MM-dd}-{report.Name}.md"));
        File.WriteAllText(file, Render(report, machine));
        return file;
    }

    public static string Render(Report report, Machine machine)
    {
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"# {report.Name}, {report.StartedAt:yyyy-MM-dd}\n\n{report.Summary}\n\n");
        page.Append(CultureInfo.InvariantCulture, $"    bench/run {report.Command}\n\n");
        var figures = new Table("", "figure", "measured", "target", "verdict");
        foreach (var figure in report.Figures)
        {
            var verdict = figure.IsReached ? figure.Verdict : $"**{figure.Verdict}**";
            figures.Add(figure.Name, $"{Table.Text(figure.Value)} {figure.Unit}", $"{figure.Target} {figure.Unit}", verdict);
        }

        Append(page, figures);
        foreach (var table in report.Tables.Where(table => table.Rows.Count > 0))
        {
            page.Append(CultureInfo.InvariantCulture, $"## {table.Title}\n\n");
            Append(page, table);
        }

        foreach (var note in report.Notes)
        {
            page.Append(CultureInfo.InvariantCulture, $"- {note}\n");
        }

        page.Append(report.Notes.Count == 0 ? "" : "\n");
        page.Append("## Machine\n\n");
        Append(page, machine.ToTable());
        return page.ToString().TrimEnd('\n') + "\n";
    }

    private static void Append(StringBuilder page, Table table)
    {
        page.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", table.Columns)} |\n");
        page.Append(CultureInfo.InvariantCulture, $"|{string.Concat(table.Columns.Select((_, i) => i == 0 ? "---|" : "---:|"))}\n");
        foreach (var row in table.Rows)
        {
            page.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", row.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))} |\n");
        }

        page.Append('\n');
    }
}
