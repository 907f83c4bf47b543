using System.Text;
using Bedplate.Contracts.OpenInference;
using Bedplate.Protocols.OpenInference.Configuration;
using Bedplate.Protocols.OpenInference.Configuration.Messages;
using Bedplate.Protocols.OpenInference.Repository.Files;

namespace Bedplate.Protocols.OpenInference.Repository;

/// <summary>
/// Files that load requests bring instead of a repository's, in a temporary directory that only this user can read.
/// The files of the previous load of a model stay until the next but one, as it may still be served.
/// </summary>
internal sealed class OverrideDirectory : IDisposable
{
    // NAME_MAX of the file systems in use.
    private const int LongestFileName = 255;

    private const string Prefix = "bedplate-models-";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _loads = new(StringComparer.Ordinal);
    private OwnedTemporaryDirectory? _root;

    /// <summary>Removes what servers left behind that were killed.</summary>
    public static void RemoveAbandoned() => OwnedTemporaryDirectory.RemoveAbandoned(Prefix);

    /// <summary>Writes the files as a model's directory and reads it like a repository's.</summary>
    /// <exception cref="ModelRepositoryException">A path leads elsewhere, or the files cannot be written.</exception>
    public ScannedModel? Read(string name, ModelConfig? config, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> files)
    {
        lock (_lock)
        {
            var load = _loads.GetValueOrDefault(name) + 1;
            var repository = WriteFiles(name, load, files);
            _loads[name] = load;
            return new ModelRepositoryScanner(new ModelRepositoryOptions { Paths = [repository] }).ScanModel(name, config);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_root is not null)
            {
                _root.Dispose();
                _root = null;
            }
        }
    }

    // Under the lock. Gives the repository that has the model as its only one.
    private string WriteFiles(string name, int load, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> files)
    {
        if (files.Keys.FirstOrDefault(path => !ModelPaths.IsWithin(path)) is { } outside)
        {
            throw new ModelRepositoryException($"the file path '{outside}' does not stay within the model's directory");
        }

        if (files.Keys.FirstOrDefault(HasTooLongName) is { } tooLong)
        {
            throw new ModelRepositoryException($"the file path '{Excerpt.Of(tooLong)}' has a part of more than {LongestFileName} bytes, which no file's name can have");
        }

        string? directory = null;
        try
        {
            _root ??= OwnedTemporaryDirectory.Create(Prefix);
            var repository = Path.Combine(_root.Path, $"{load}");
            directory = Path.Combine(repository, name);
            DeleteIfThere(Path.Combine(_root.Path, $"{load - 2}", name));
            DeleteIfThere(directory);
            foreach (var (path, content) in files)
            {
                var file = Path.Combine(directory, path);
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                File.WriteAllBytes(file, content.Span);
            }

            return repository;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (directory is not null)
            {
                // Half a model is of no use, and on a full disk its space is.
                DeleteIfThere(directory);
            }

            throw new ModelRepositoryException(
                $"its files cannot be written to the temporary directory {Path.GetTempPath()}: {exception.Message}. Make room there, or start"
                + " the server with TMPDIR set to a directory that has it.",
                exception);
        }
    }

    private static bool HasTooLongName(string path) => path.Split('/', '\\').Any(part => Encoding.UTF8.GetByteCount(part) > LongestFileName);

    private static void DeleteIfThere(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }
}
