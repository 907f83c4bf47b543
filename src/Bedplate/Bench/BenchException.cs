namespace Bedplate.Bench;

/// <summary>Ends the command with a message for its user and an exit code.</summary>
internal sealed class BenchException : Exception
{
    /// <summary>A fault with the code of <see cref="BenchExitCode"/>; the message says what to do.</summary>
    public BenchException(int exitCode, string message, Exception? cause = null)
        : base(message, cause)
    {
        ExitCode = exitCode;
    }

    /// <summary>What the process returns.</summary>
    public int ExitCode { get; }
}
