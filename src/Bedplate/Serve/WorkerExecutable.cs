namespace Bedplate.Serve;

/// <summary>Finds the executable that trial workers are started from: this one.</summary>
internal static class WorkerExecutable
{
    private static readonly string FileName = OperatingSystem.IsWindows() ? "bedplate.exe" : "bedplate";

    /// <summary>The file; null when this process was started in a way that leaves none to start again.</summary>
    public static string? Find()
    {
        // "dotnet bedplate.dll" runs in the dotnet host; the executable then lies beside the assembly.
        var beside = Path.Combine(AppContext.BaseDirectory, FileName);
        return Path.GetFileName(Environment.ProcessPath) == FileName ? Environment.ProcessPath
            : File.Exists(beside) ? beside
            : null;
    }
}
