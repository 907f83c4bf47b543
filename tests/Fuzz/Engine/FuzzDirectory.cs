namespace Bedplate.Tests.Fuzz.Engine;

/// <summary>Where runs leave what they found: artifacts/test-results/fuzz.</summary>
internal static class FuzzDirectory
{
    private static readonly string Root = Find();

    /// <summary>Writes an input that shows a fault and returns the file's path.</summary>
    public static string Write(FuzzTarget target, string kind, byte[] input)
    {
        Directory.CreateDirectory(Root);
        var path = Path.Combine(Root, $"{target.Name}.{kind.Replace(' ', '-')}.input");
        File.WriteAllBytes(path, input);
        return path;
    }

    /// <summary>The file in which a target keeps the case that is being run.</summary>
    public static string CurrentCaseOf(FuzzTarget target)
    {
        Directory.CreateDirectory(Root);
        return Path.Combine(Root, $"{target.Name}.{Guid.NewGuid():N}.running");
    }

    private static string Find()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Bedplate.slnx")))
            {
                return Path.Combine(directory.FullName, "artifacts", "test-results", "fuzz");
            }
        }

        throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} holds Bedplate.slnx.");
    }
}
