namespace Bedplate.Tests.Unit.Protocols;

/// <summary>A page of docs/reference, as its tables.</summary>
internal sealed class ReferencePage(string name)
{
    private readonly string[] _lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "docs", name));

    /// <summary>The cells of the rows, without code marks, of the tables with this header under a heading and before the next.</summary>
    public IEnumerable<string[]> Rows(string heading, params string[] header)
    {
        var section = _lines.SkipWhile(line => line.TrimStart('#', ' ') != heading || !line.StartsWith('#')).Skip(1).TakeWhile(line => !line.StartsWith('#'));
        var isWanted = false;
        var isHeader = true;
        foreach (var line in section)
        {
            if (!line.StartsWith('|'))
            {
                isHeader = true;
                continue;
            }

            var cells = line.Trim('|').Split('|').Select(cell => cell.Trim().Trim('`')).ToArray();
            if (isHeader)
            {
                isHeader = false;
                isWanted = cells.SequenceEqual(header);
            }
            else if (isWanted && !line.StartsWith("|---", StringComparison.Ordinal))
            {
                yield return cells;
            }
        }
    }
}
