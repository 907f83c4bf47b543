namespace Bedplate.Bench.Load;

/// <summary>What <c>bench/run</c> ends with.</summary>
internal static class ExitCode
{
    /// <summary>Measured; every target was reached.</summary>
    public const int Reached = 0;

    /// <summary>Measured; a target was missed.</summary>
    public const int FellShort = 1;

    /// <summary>Something that is needed is missing or failed; the message says what.</summary>
    public const int CannotMeasure = 2;
}
