namespace Bedplate.Bench.Output;

/// <summary>How results are written.</summary>
internal enum OutputFormat
{
    /// <summary>For people.</summary>
    Table,

    /// <summary>A line for each level.</summary>
    Csv,

    /// <summary>One document with everything.</summary>
    Json,
}
