namespace Bedplate.Protocols.OpenInference.Repository.Files;

/// <summary>
/// Asks the file system to report changes below directories. What is reported is only a hint: changes may be reported
/// several times, late or, on network shares and when the system's watches are used up, not at all.
/// </summary>
internal sealed class FileWatchers : IDisposable
{
    private readonly List<FileSystemWatcher> _watchers = [];

    /// <summary>Begins.</summary>
    /// <param name="directories">What to watch, with everything below.</param>
    /// <param name="report">Called, on any thread, when something may have changed.</param>
    /// <param name="onFailure">Called when a directory cannot be watched, with the reason.</param>
    public FileWatchers(IEnumerable<string> directories, Action report, Action<string, string> onFailure)
    {
        foreach (var directory in directories)
        {
            try
            {
                _watchers.Add(Watch(directory, report, onFailure));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
            {
                onFailure(directory, exception.Message);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _watchers.ForEach(watcher => watcher.Dispose());

    private static FileSystemWatcher Watch(string directory, Action report, Action<string, string> onFailure)
    {
        var watcher = new FileSystemWatcher(directory)
        {
            IncludeSubdirectories = true,
            NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite | NotifyFilters.Size,
        };
        watcher.Changed += (_, _) => report();
        watcher.Created += (_, _) => report();
        watcher.Deleted += (_, _) => report();
        watcher.Renamed += (_, _) => report();
        watcher.Error += (_, fault) =>
        {
            // Too many changes to report them one by one: something has changed in any case.
            if (fault.GetException() is not InternalBufferOverflowException)
            {
                onFailure(directory, fault.GetException().Message);
            }

            report();
        };
        watcher.EnableRaisingEvents = true;
        return watcher;
    }
}
