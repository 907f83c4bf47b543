using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Bedplate.Tests.Architecture;

/// <summary>The repository these tests look at: the one they were compiled in.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>Files that git tracks or would track, as paths from the root with forward slashes.</summary>
    public static IReadOnlyList<string> Files { get; } = ListFiles();

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    public static IEnumerable<string> CSharp(string folder) =>
        Files.Where(path => path.StartsWith(folder + "/", StringComparison.Ordinal) && path.EndsWith(".cs", StringComparison.Ordinal));

    private static string FindRoot([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));

    private static List<string> ListFiles()
    {
        var start = new ProcessStartInfo("git", ["ls-files", "--cached", "--others", "--exclude-standard"])
        {
            WorkingDirectory = Root,
            RedirectStandardOutput = true,
        };
        using var git = Process.Start(start)!;
        var files = git.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).ToList();
        git.WaitForExit();
        return [.. files.Where(path => File.Exists(Path.Combine(Root, path)))];
    }
}
