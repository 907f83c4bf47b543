namespace Bedplate.Bench;

/// <summary>Exit codes of <c>bedplate bench</c>; documented in docs/guides/benchmarking.md.</summary>
internal static class BenchExitCode
{
    /// <summary>Measured, and with <c>--verify</c> every answer was right.</summary>
    public const int Success = 0;

    /// <summary>A flag, or a file that it names, is wrong; nothing was sent.</summary>
    public const int Usage = 2;

    /// <summary>The server cannot be reached.</summary>
    public const int Unreachable = 3;

    /// <summary>The server answers, but does not serve this model as asked.</summary>
    public const int ModelUnavailable = 4;

    /// <summary><c>--verify</c> found a wrong answer.</summary>
    public const int WrongAnswer = 5;

    /// <summary>No request of a level was answered, or no level of a search kept the limit.</summary>
    public const int NothingMeasured = 6;

    /// <summary>Interrupted; what was measured until then was reported.</summary>
    public const int Interrupted = 130;
}
