namespace Bedplate.Protocols.OpenInference.Repository.Files;

/// <summary>Resolves symbolic links in every part of a path, so that it can be told whether it leaves a directory.</summary>
internal static class RealPath
{
    // The kernel's own bound.
    private const int MaxLinks = 40;

    /// <summary>The path without links. Parts that do not exist are kept as they are.</summary>
    /// <exception cref="IOException">The links lead in a circle.</exception>
    public static string Resolve(string path)
    {
        var open = new Stack<string>();
        var resolved = Begin(Path.GetFullPath(path), open);
        for (var links = 0; open.TryPop(out var part);)
        {
            var next = Path.Combine(resolved, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                resolved = next;
                continue;
            }

            if (++links > MaxLinks)
            {
                throw new IOException($"'{path}' leads through more than {MaxLinks} symbolic links");
            }

            // GetFullPath takes ".." out by text, which is right since nothing before it is a link any more.
            resolved = Begin(Path.GetFullPath(target, resolved), open);
        }

        return resolved;
    }

    /// <summary>Whether a resolved path is a resolved directory or lies below it.</summary>
    public static bool IsWithin(string path, string directory) =>
        path.StartsWith(directory, StringComparison.Ordinal)
        && (path.Length == directory.Length
            || Path.EndsInDirectorySeparator(directory)
            || path[directory.Length] == Path.DirectorySeparatorChar);

    // Starts again at the root with all parts of a full path in front of those still open.
    private static string Begin(string fullPath, Stack<string> open)
    {
        var root = Path.GetPathRoot(fullPath)!;
        var parts = fullPath[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries);
        for (var i = parts.Length - 1; i >= 0; i--)
        {
            open.Push(parts[i]);
        }

        return root;
    }
}
