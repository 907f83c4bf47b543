using System.Globalization;

namespace Bedplate.Bench.Load.Results;

/// <summary>A table of a report: the columns' heads, and rows of texts and numbers.</summary>
internal sealed class Table(string title, params string[] columns)
{
    private readonly List<string[]> _rows = [];

    public string Title { get; } = title;

    public IReadOnlyList<string> Columns { get; } = columns;

    public IReadOnlyList<string[]> Rows => _rows;

    /// <summary>Adds a row; numbers are written with the digits that mean something.</summary>
    public Table Add(params object[] cells)
    {
        _rows.Add([.. cells.Select(Text)]);
        return this;
    }

    /// <summary>Three significant digits, and no exponent.</summary>
    public static string Text(double number) => number switch
    {
        double.NaN => "–",
        _ when Math.Abs(number) >= 100 => number.ToString("#,0", CultureInfo.InvariantCulture),
        _ when Math.Abs(number) >= 10 => number.ToString("0.0", CultureInfo.InvariantCulture),
        _ when Math.Abs(number) >= 1 => number.ToString("0.00", CultureInfo.InvariantCulture),
        _ => number.ToString("0.000", CultureInfo.InvariantCulture),
    };

    private static string Text(object cell) => cell switch
    {
        double number => Text(number),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => cell.ToString() ?? "",
    };
}
