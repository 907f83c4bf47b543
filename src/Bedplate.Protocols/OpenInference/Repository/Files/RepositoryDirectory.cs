using System.Diagnostics.CodeAnalysis;

namespace Bedplate.Protocols.OpenInference.Repository.Files;

/// <summary>
/// A directory of a repository. Whatever is reached through it lies within the repository: a symbolic link that leads
/// out is refused. The check is made when a path is looked at, which keeps mistakes out; whoever can write to the
/// repository decides what is served anyway.
/// </summary>
internal sealed class RepositoryDirectory
{
    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false };
    private readonly string _realPath;
    private readonly string _realRoot;

    private RepositoryDirectory(string path, string realPath, string realRoot)
    {
        Path = path;
        _realPath = realPath;
        _realRoot = realRoot;
    }

    /// <summary>The path as it was given, links not resolved.</summary>
    public string Path { get; }

    /// <summary>A repository's own directory.</summary>
    public static RepositoryDirectory OpenRoot(string path)
    {
        var real = RealPath.Resolve(path);
        return new RepositoryDirectory(System.IO.Path.GetFullPath(path), real, real);
    }

    /// <summary>What lies in the directory, by name in ordinal order; hidden entries (".x") are left out.</summary>
    public IReadOnlyList<FileSystemInfo> List()
    {
        var entries = new DirectoryInfo(Path).EnumerateFileSystemInfos("*", Everything)
            .Where(entry => !entry.Name.StartsWith('.'))
            .ToList();
        entries.Sort((left, right) => string.CompareOrdinal(left.Name, right.Name));
        return entries;
    }

    /// <summary>A directory within.</summary>
    /// <exception cref="IOException">It leads out of the repository.</exception>
    public RepositoryDirectory Enter(string name) =>
        new(System.IO.Path.Combine(Path, name), ResolveWithin(name), _realRoot);

    /// <summary>The path of a file within, or false when there is none.</summary>
    /// <exception cref="IOException">It leads out of the repository.</exception>
    public bool TryFile(string name, [NotNullWhen(true)] out string? path)
    {
        path = System.IO.Path.Combine(Path, name);
        if (!File.Exists(path))
        {
            path = null;
            return false;
        }

        ResolveWithin(name);
        return true;
    }

    /// <summary>Adds everything within to a stamp: names, and the status of files.</summary>
    /// <exception cref="IOException">Something leads out of the repository, or there is too much.</exception>
    public void AddTo(ContentStamp stamp, StampBudget budget)
    {
        foreach (var entry in List())
        {
            AddTo(stamp, entry, budget);
        }
    }

    /// <summary>Adds one entry of this directory, with everything in it.</summary>
    public void AddTo(ContentStamp stamp, FileSystemInfo entry, StampBudget budget)
    {
        budget.TakeEntry(entry.FullName);
        if (entry is DirectoryInfo)
        {
            stamp.AddName(entry.Name + "/");
            budget.Enter(entry.FullName);
            Enter(entry.Name).AddTo(stamp, budget);
            budget.Leave();
            stamp.AddName("/");
        }
        else
        {
            ResolveWithin(entry.Name);
            stamp.AddFile(entry.Name, FileStatus.Read(entry.FullName));
        }
    }

    private string ResolveWithin(string name)
    {
        var real = System.IO.Path.Combine(_realPath, name);
        if (name.AsSpan().IndexOfAny('/', '\\') < 0 && new FileInfo(real).LinkTarget is null)
        {
            // What is no link lies where its directory lies, which was looked at before.
            return real;
        }

        real = RealPath.Resolve(real);
        return RealPath.IsWithin(real, _realRoot)
            ? real
            : throw new IOException(
                $"'{System.IO.Path.Combine(Path, name)}' is a symbolic link that leads out of the repository, to '{real}';"
                + " put the file into the repository");
    }
}
