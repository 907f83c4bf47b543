namespace Bedplate.Bench.Load.Results;

/// <summary>A report as plain columns.</summary>
internal static class TerminalReport
{
    public static void Write(TextWriter output, Report report)
    {
        output.WriteLine();
        foreach (var table in report.Tables)
        {
            Write(output, table);
        }

        var figures = new Table("Figures", "figure", "measured", "target", "verdict");
        foreach (var figure in report.Figures)
        {
            figures.Add(figure.Name, $"{Table.Text(figure.Value)} {figure.Unit}", $"{figure.Target} {figure.Unit}", figure.Verdict);
        }

        Write(output, figures);
        foreach (var note in report.Notes)
        {
            output.WriteLine($"Note: {note}");
        }
    }

    private static void Write(TextWriter output, Table table)
    {
        if (table.Rows.Count == 0)
        {
            return;
        }

        output.WriteLine(table.Title);
        var widths = table.Columns.Select((column, i) => Math.Max(column.Length, table.Rows.Max(row => row[i].Length))).ToArray();
        WriteRow(output, table.Columns, widths);
        foreach (var row in table.Rows)
        {
            WriteRow(output, row, widths);
        }

        output.WriteLine();
    }

    private static void WriteRow(TextWriter output, IReadOnlyList<string> cells, int[] widths) =>
        output.WriteLine("  " + string.Join("  ", cells.Select((cell, i) => i == 0 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]))));
}
