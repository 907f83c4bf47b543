namespace Bedplate.Tests.TestKit.Files;

/// <summary>The repository that the tests were built from: its documents are held to the code.</summary>
public static class RepositoryRoot
{
    /// <summary>Its full path.</summary>
    public static string Path { get; } = Find();

    /// <summary>Reads a file of it.</summary>
    /// <param name="name">Its path within the repository.</param>
    public static string Read(string name) => File.ReadAllText(System.IO.Path.Combine(Path, name));

    private static string Find()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(System.IO.Path.Combine(directory.FullName, "Bedplate.slnx")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException("The tests run outside of the repository.");
        }

        return directory.FullName;
    }
}
