namespace Bedplate.Bench.Load.Results;

/// <summary>What came of one experiment.</summary>
internal sealed class Report(string name, string summary, string command, DateTimeOffset startedAt)
{
    private readonly List<Figure> _figures = [];
    private readonly List<Table> _tables = [];
    private readonly List<string> _notes = [];

    public string Name { get; } = name;

    public string Summary { get; } = summary;

    /// <summary>The arguments it was started with.</summary>
    public string Command { get; } = command;

    public DateTimeOffset StartedAt { get; } = startedAt;

    public IReadOnlyList<Figure> Figures => _figures;

    public IReadOnlyList<Table> Tables => _tables;

    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Whether every figure reached its target.</summary>
    public bool IsReached => _figures.TrueForAll(figure => figure.IsReached);

    /// <summary>Adds a figure that has a target.</summary>
    public void Judge(string figure, double value, string unit, Target target) => _figures.Add(new Figure(figure, value, unit, target));

    /// <summary>Adds a table.</summary>
    public Table Table(string title, params string[] columns)
    {
        var table = new Table(title, columns);
        _tables.Add(table);
        return table;
    }

    /// <summary>Says something that a reader of the figures must know.</summary>
    public void Note(string note) => _notes.Add(Checkout.Relate(note));

    /// <summary>Says on the terminal what is being done; no part of the result.</summary>
#pragma warning disable CA1822 // Experiments tell the report whatever they tell.
    public void Progress(string text) => Console.Error.WriteLine($"  {text}");
#pragma warning restore CA1822
}
