namespace Bedplate.Protocols.OpenInference.Repository.Files;

/// <summary>
/// A temporary directory that belongs to this process and that only its user can read. It holds a file that is locked
/// while the process lives, so that what a killed process left behind can be told from what another one uses.
/// </summary>
internal sealed class OwnedTemporaryDirectory : IDisposable
{
    private const string LockFile = ".lock";

    private readonly FileStream _lock;

    private OwnedTemporaryDirectory(string path, FileStream @lock)
    {
        Path = path;
        _lock = @lock;
    }

    /// <summary>Its full path.</summary>
    public string Path { get; }

    /// <summary>Creates a directory whose name begins with the prefix.</summary>
    /// <exception cref="IOException">The temporary directory is full or cannot be written.</exception>
    public static OwnedTemporaryDirectory Create(string prefix)
    {
        var path = Directory.CreateTempSubdirectory(prefix).FullName;
        try
        {
            return new OwnedTemporaryDirectory(path, OpenLock(path, FileMode.CreateNew));
        }
        catch
        {
            Directory.Delete(path, recursive: true);
            throw;
        }
    }

    /// <summary>
    /// Removes directories of this prefix whose process is gone. What cannot be removed is left for the next time.
    /// </summary>
    public static void RemoveAbandoned(string prefix)
    {
        foreach (var path in Directory.EnumerateDirectories(System.IO.Path.GetTempPath(), prefix + "*"))
        {
            try
            {
                // Fails while its owner lives, and where it is another user's.
                OpenLock(path, FileMode.Open).Dispose();
                Directory.Delete(path, recursive: true);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Not ours to remove, or not now.
            }
        }
    }

    /// <summary>Removes the directory and all that is in it.</summary>
    public void Dispose()
    {
        _lock.Dispose();
        Directory.Delete(Path, recursive: true);
    }

    // A file that is shared with nobody can be opened again only when the process that has it open is gone.
    private static FileStream OpenLock(string path, FileMode mode) =>
        new(System.IO.Path.Combine(path, LockFile), mode, FileAccess.Write, FileShare.None);
}
