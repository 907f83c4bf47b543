using System.Text;
using Bedplate.Contracts.OpenInference;
using Bedplate.Protocols.OpenInference.Configuration;
using Bedplate.Protocols.OpenInference.Configuration.Messages;

namespace Bedplate.Protocols.OpenInference.Repository;

/// <summary>
/// Files that load requests bring instead of a repository's, in a temporary directory that only this user can read.
/// The files of the previous load of a model stay until the next but one, as it may still be served.
/// </summary>
internal sealed class OverrideDirectory : IDisposable
{
    // As file systems have it (NAME_MAX).
    private const int LongestName = 255;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _loads = new(StringComparer.Ordinal);
    private string? _root;

    /// <summary>Writes the files as a model's directory and reads it like a repository's.</summary>
    public ScannedModel? Read(string name, ModelConfig? config, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> files)
    {
        lock (_lock)
        {
            _root ??= Directory.CreateTempSubdirectory("bedplate-models-").FullName;
            var load = _loads[name] = _loads.GetValueOrDefault(name) + 1;
            var repository = Path.Combine(_root, $"{load}");
            var directory = Path.Combine(repository, name);
            DeleteIfThere(Path.Combine(_root, $"{load - 2}", name));
            DeleteIfThere(directory);
            foreach (var (path, content) in files)
            {
                Check(path);
                var file = Path.Combine(directory, path);
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                File.WriteAllBytes(file, content.Span);
            }

            return new ModelRepositoryScanner(new ModelRepositoryOptions { Paths = [repository] }).ScanModel(name, config);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_root is not null)
            {
                DeleteIfThere(_root);
                _root = null;
            }
        }
    }

    private static void Check(string path)
    {
        if (!ModelPaths.IsWithin(path))
        {
            throw new ModelRepositoryException($"the file path '{Excerpt.Of(path)}' does not stay within the model's directory");
        }

        foreach (var name in path.Split('/'))
        {
            if (Encoding.UTF8.GetByteCount(name) > LongestName)
            {
                throw new ModelRepositoryException(
                    $"failed to poll from model repository: the file name '{Excerpt.Of(name)}' is longer than {LongestName} bytes");
            }
        }
    }

    private static void DeleteIfThere(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }
}
