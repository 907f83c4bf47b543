namespace Bedplate.Tests.TestKit.Files;

/// <summary>A directory of a test's own, gone with it.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    /// <summary>Creates the directory.</summary>
    public TemporaryDirectory() => Path = Directory.CreateTempSubdirectory("bedplate-test-").FullName;

    /// <summary>Its full path.</summary>
    public string Path { get; }

    /// <summary>The full path of something within.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a file, with the directories it needs, and returns its path.</summary>
    public string Write(string name, string content = "")
    {
        var path = this[name];
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }

    /// <summary>Makes a symbolic link.</summary>
    public void Link(string name, string target)
    {
        var path = this[name];
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.CreateSymbolicLink(path, target);
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Path, recursive: true);
}
