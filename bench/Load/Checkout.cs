namespace Bedplate.Bench.Load;

/// <summary>Where things lie in the repository this was built from.</summary>
internal static class Checkout
{
    /// <summary>Its root.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The server under test, as <c>./run --build-only</c> leaves it.</summary>
    public static string Bedplate => Require("artifacts/bedplate/bedplate");

    /// <summary>Where results are kept.</summary>
    public static string Results => Path.Combine(Root, "bench", "results");

    /// <summary>A floor program, as in "HttpFloor".</summary>
    public static string Floor(string program) => Require($"artifacts/bin/{program}/release/Bedplate.Bench.{program}");

    /// <summary>
    /// A text with the files it names in and beside the checkout told from there: where the checkout lies is nobody's
    /// business who reads a result.
    /// </summary>
    public static string Relate(string text)
    {
        var parent = Path.GetDirectoryName(Root);
        text = text.Replace($"{Root}/", "", StringComparison.Ordinal);
        return parent is null or "/"
            ? text
            : text.Replace($" {parent}/", " ../", StringComparison.Ordinal).Replace($"'{parent}/", "'../", StringComparison.Ordinal);
    }

    private static string Require(string path)
    {
        var file = Path.Combine(Root, path);
        return File.Exists(file) ? file : throw new LoadException($"'{path}' has not been built; start measurements with bench/run.");
    }

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Bedplate.slnx")))
            {
                return directory.FullName;
            }
        }

        throw new LoadException($"'{AppContext.BaseDirectory}' is not within a checkout of Bedplate; start measurements with bench/run.");
    }
}
