namespace Bedplate;

/// <summary>What the process's exit code says; part of the command line's contract (docs/reference/cli.md).</summary>
internal static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>Something went wrong that none of the others names.</summary>
    public const int Failure = 1;

    /// <summary>The command line or the settings are wrong; nothing was done.</summary>
    public const int Usage = 2;

    /// <summary>The server could not start on this machine: a port, a library, a repository.</summary>
    public const int CannotStart = 3;
}
