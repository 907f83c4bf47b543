namespace Bedplate.Tests.Conformance.Operators;

/// <summary>The cases of Debian's package libonnx-testdata.</summary>
internal static class OperatorCases
{
    private const string Root = "/usr/share/libonnx-testdata/data";

    // "real" is left out: its cases are only addresses of models to download.
    private static readonly string[] Groups = ["node", "pytorch-converted", "pytorch-operator", "simple"];

    private static readonly Lazy<IReadOnlyDictionary<string, OperatorCase>> Found = new(Find);

    /// <summary>All of them by name, in the order of their names.</summary>
    /// <exception cref="DirectoryNotFoundException">The package is not installed.</exception>
    public static IReadOnlyDictionary<string, OperatorCase> All => Found.Value;

    private static SortedDictionary<string, OperatorCase> Find()
    {
        if (!Directory.Exists(Root))
        {
            throw new DirectoryNotFoundException($"{Root} is not there: install libonnx-testdata (sudo apt-get install libonnx-testdata).");
        }

        var cases = Groups
            .SelectMany(group => Directory.EnumerateDirectories(Path.Combine(Root, group)))
            .Select(directory => new OperatorCase(Path.GetRelativePath(Root, directory), directory));
        return new SortedDictionary<string, OperatorCase>(cases.ToDictionary(each => each.Name), StringComparer.Ordinal);
    }
}
