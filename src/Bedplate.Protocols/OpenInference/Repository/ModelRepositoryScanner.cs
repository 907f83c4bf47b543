using System.Collections.Immutable;
using Bedplate.Contracts.OpenInference;
using Bedplate.Protocols.OpenInference.Repository.Files;

namespace Bedplate.Protocols.OpenInference.Repository;

/// <summary>
/// Reads model repositories in Triton's layout: <c>MODEL/[config.pbtxt][configs/NAME.pbtxt]/VERSION/model.onnx</c>.
/// Reading touches no model file's content, so it is cheap enough to be repeated.
/// </summary>
public sealed class ModelRepositoryScanner(ModelRepositoryOptions options)
{
    // Everything found is held in memory and compared on every scan.
    private const int MaxModels = 100_000;

    /// <summary>The repositories that are read.</summary>
    public ModelRepositoryOptions Options => options;

    /// <summary>Reads all repositories. A model that has a problem is there, with its problem.</summary>
    /// <exception cref="ModelRepositoryException">A repository cannot be read.</exception>
    public RepositoryScan Scan(CancellationToken cancellationToken)
    {
        var models = ImmutableSortedDictionary.CreateBuilder<string, ScannedModel>(StringComparer.Ordinal);
        var notes = ImmutableArray.CreateBuilder<string>();
        foreach (var path in options.Paths)
        {
            var root = Open(path);
            foreach (var entry in List(root))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (entry is not DirectoryInfo)
                {
                    NoteFile(path, entry.Name, notes);
                }
                else if (entry.Name != "lost+found")
                {
                    Add(models, ModelDirectoryReader.Read(root, path, entry.Name, options.ConfigName, config: null));
                }

                if (models.Count > MaxModels)
                {
                    throw new ModelRepositoryException($"the repositories hold more than {MaxModels} models");
                }
            }
        }

        return new RepositoryScan(models.ToImmutable(), notes.ToImmutable());
    }

    /// <summary>The models that are there now, each with its repository; none of them is read.</summary>
    /// <exception cref="ModelRepositoryException">A repository cannot be read.</exception>
    public IReadOnlyDictionary<string, string> Find()
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in options.Paths)
        {
            foreach (var entry in List(Open(path)).Where(entry => entry is DirectoryInfo && entry.Name != "lost+found"))
            {
                found.TryAdd(entry.Name, path);
            }
        }

        return found;
    }

    /// <summary>Reads one model; null when no repository has it.</summary>
    /// <param name="name">Its name, which may come from a request.</param>
    /// <param name="config">A configuration in place of the model's own; null for its own.</param>
    /// <exception cref="ModelRepositoryException">A repository cannot be read.</exception>
    public ScannedModel? ScanModel(string name, ModelConfig? config = null)
    {
        if (ModelNames.Check(name) is not null)
        {
            return null;
        }

        ScannedModel? found = null;
        foreach (var path in options.Paths)
        {
            var root = Open(path);
            if (Directory.Exists(Path.Combine(root.Path, name)))
            {
                var model = ModelDirectoryReader.Read(root, path, name, options.ConfigName, config);
                found = found is null ? model : Conflict(found, model);
            }
        }

        return found;
    }

    private static RepositoryDirectory Open(string path)
    {
        try
        {
            return Directory.Exists(path)
                ? RepositoryDirectory.OpenRoot(path)
                : throw new ModelRepositoryException($"the model repository '{path}' is no directory, or cannot be reached");
        }
        catch (IOException exception)
        {
            throw Unreadable(path, exception);
        }
    }

    private static IReadOnlyList<FileSystemInfo> List(RepositoryDirectory root)
    {
        try
        {
            return root.List();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(root.Path, exception);
        }
    }

    private static ModelRepositoryException Unreadable(string path, Exception cause) =>
        new($"the model repository '{path}' cannot be read: {cause.Message}", cause);

    private static void Add(ImmutableSortedDictionary<string, ScannedModel>.Builder models, ScannedModel model) =>
        models[model.Name] = models.TryGetValue(model.Name, out var other) ? Conflict(other, model) : model;

    // Which of the two is meant nobody can know, so neither is served.
    private static ScannedModel Conflict(ScannedModel first, ScannedModel second) => new()
    {
        Name = first.Name,
        Repository = first.Repository,
        Problem = $"model appears in two or more repositories: '{first.Repository}' and '{second.Repository}'; remove all but one",
    };

    private static void NoteFile(string repository, string name, ImmutableArray<string>.Builder notes)
    {
        if (name == "config.pbtxt")
        {
            notes.Add($"'{repository}' has a config.pbtxt: it looks like one model; give the directory above it as the repository");
        }
        else if (name.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
        {
            notes.Add($"'{name}' in '{repository}' is ignored: a model lies in NAME/1/model.onnx");
        }
    }
}
