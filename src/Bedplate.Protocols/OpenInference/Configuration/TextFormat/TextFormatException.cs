namespace Bedplate.Protocols.OpenInference.Configuration.TextFormat;

/// <summary>A text is not the text format of the expected message. The message begins with line, column and field.</summary>
public sealed class TextFormatException : Exception
{
    internal TextFormatException(int line, int column, string field, string reason)
        : base($"line {line}, column {column}: {(field.Length == 0 ? string.Empty : field + ": ")}{reason}")
    {
        Line = line;
        Column = column;
        Field = field;
    }

    /// <summary>The line, from 1.</summary>
    public int Line { get; }

    /// <summary>The column in characters, from 1; a tab is one character.</summary>
    public int Column { get; }

    /// <summary>The path of the field, as in "input[0].dims"; empty at the top.</summary>
    public string Field { get; }
}
