using System.Collections.Immutable;
using System.Globalization;
using Bedplate.Contracts.OpenInference;
using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference.Configuration;
using Bedplate.Protocols.OpenInference.Configuration.TextFormat;
using Bedplate.Protocols.OpenInference.Repository.Files;
using Google.Protobuf;

namespace Bedplate.Protocols.OpenInference.Repository;

/// <summary>
/// Reads one model's directory: <c>config.pbtxt</c> or <c>configs/NAME.pbtxt</c>, the versions, the label files.
/// Whatever is wrong with it becomes the model's problem and nobody else's.
/// </summary>
internal sealed class ModelDirectoryReader
{
    private const string ConfigFile = "config.pbtxt";
    private const string ConfigsDirectory = "configs";
    private const string OnnxFile = "model.onnx";

    // A deployment keeps a handful; every version is looked at on every scan.
    private const int MaxVersions = 1000;

    private readonly RepositoryDirectory _directory;
    private readonly string _name;
    private readonly string? _configName;
    private readonly List<string> _notes = [];
    private readonly StampBudget _budget = new();

    private ModelDirectoryReader(RepositoryDirectory directory, string name, string? configName)
    {
        _directory = directory;
        _name = name;
        _configName = configName;
    }

    /// <summary>Reads a model.</summary>
    /// <param name="root">The repository.</param>
    /// <param name="repository">Its path, as it was given.</param>
    /// <param name="name">The model's name.</param>
    /// <param name="configName">As <see cref="ModelRepositoryOptions.ConfigName"/>.</param>
    /// <param name="config">A configuration in place of the directory's; null for the directory's.</param>
    public static ScannedModel Read(
        RepositoryDirectory root, string repository, string name, string? configName, ModelConfig? config)
    {
        var model = new ScannedModel { Name = name, Repository = repository };
        if (ModelNames.Check(name) is { } fault)
        {
            return model with { Problem = fault };
        }

        try
        {
            return new ModelDirectoryReader(root.Enter(name), name, configName).Read(model, config);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return model with { Problem = exception.Message };
        }
    }

    private ScannedModel Read(ScannedModel model, ModelConfig? config)
    {
        var configFile = FindConfig();
        var versions = ImmutableArray.CreateBuilder<VersionFiles>();
        using var stamp = new ContentStamp();
        foreach (var entry in _directory.List())
        {
            if (entry is DirectoryInfo && TryVersion(entry.Name, out var number))
            {
                versions.Add(ReadVersion(number, entry));
            }
            else if (entry.Name == ConfigsDirectory)
            {
                // Other machines' configurations change without this one being concerned.
                AddConfig(stamp, configFile);
            }
            else
            {
                NoteIgnored(entry);
                _directory.AddTo(stamp, entry, _budget);
            }
        }

        if (config is not null)
        {
            stamp.AddName(config.ToByteString().ToBase64());
        }

        versions.Sort((left, right) => left.Number.CompareTo(right.Number));
        model = model with
        {
            ConfigStamp = stamp.ToString(),
            VersionStamps = versions.ToImmutableSortedDictionary(version => version.Number, version => version.Stamp),
        };
        if (versions.Count > MaxVersions)
        {
            return Finish(model, $"the model has {versions.Count} versions; the most are {MaxVersions}");
        }

        try
        {
            config ??= configFile is null ? null : ReadConfig(configFile);
        }
        catch (TextFormatException exception)
        {
            return Finish(model, $"{Path.GetRelativePath(_directory.Path, configFile!)}: {exception.Message}");
        }

        var files = new ModelFiles(_name, _directory.Path, versions.ToImmutable());
        return Compile(model, config, files);
    }

    private ScannedModel Compile(ScannedModel model, ModelConfig? config, ModelFiles files)
    {
        var compiled = ModelConfigCompiler.Compile(config, files);
        _notes.AddRange(compiled.Findings
            .Where(finding => finding.Severity == ConfigSeverity.Note)
            .Select(finding => finding.ToString()));
        model = model with { Config = compiled.Config };
        if (compiled.Spec is null)
        {
            return Finish(model, compiled.Problem);
        }

        var labels = new Dictionary<string, ClassLabels>(StringComparer.Ordinal);
        foreach (var (output, file) in compiled.LabelFiles)
        {
            if (!_directory.TryFile(Path.GetRelativePath(_directory.Path, file), out var path))
            {
                return Finish(model, $"there is no label file '{file}', which the output '{output}' names");
            }

            labels.Add(output, LabelFile.Read(path));
        }

        return Finish(model with { Spec = compiled.Spec with { ClassLabels = labels } }, problem: null);
    }

    private ScannedModel Finish(ScannedModel model, string? problem) => model with { Problem = problem, Notes = [.. _notes] };

    private string? FindConfig()
    {
        if (_configName is not null && _directory.TryFile(Path.Combine(ConfigsDirectory, _configName + ".pbtxt"), out var path))
        {
            return path;
        }

        return _directory.TryFile(ConfigFile, out path) ? path : null;
    }

    private static void AddConfig(ContentStamp stamp, string? configFile)
    {
        if (configFile is not null && Path.GetFileName(Path.GetDirectoryName(configFile)) == ConfigsDirectory)
        {
            stamp.AddFile(ConfigsDirectory, FileStatus.Read(configFile));
        }
    }

    private static ModelConfig ReadConfig(string path)
    {
        var length = new FileInfo(path).Length;
        return length > TextFormatParser.MaxBytes
            ? throw new IOException($"'{path}' has {length} bytes; the most are {TextFormatParser.MaxBytes}")
            : TextFormatParser.Parse<ModelConfig>(File.ReadAllBytes(path));
    }

    private VersionFiles ReadVersion(long number, FileSystemInfo entry)
    {
        var directory = _directory.Enter(entry.Name);
        using var stamp = new ContentStamp();
        directory.AddTo(stamp, _budget);
        return new VersionFiles(
            number,
            directory.Path,
            directory.List().Select(file => file.Name).ToImmutableSortedSet(StringComparer.Ordinal),
            stamp.ToString());
    }

    private void NoteIgnored(FileSystemInfo entry)
    {
        if (entry is DirectoryInfo && entry.Name.AsSpan().ContainsAnyExceptInRange('0', '9'))
        {
            if (entry.Name is not ("warmup" or "initial_state" or OnnxFile))
            {
                _notes.Add($"the directory '{entry.Name}' is ignored: it is no version, whose name is a number");
            }
        }
        else if (entry is DirectoryInfo)
        {
            _notes.Add(
                $"the directory '{entry.Name}' is ignored: a version's number starts at 1, has no leading zero and fits in 63 bits");
        }

        if (entry.Name == OnnxFile)
        {
            _notes.Add(
                $"'{OnnxFile}' is ignored: it lies beside the versions; move it into the directory of one, as in '1/{OnnxFile}'");
        }
    }

    private static bool TryVersion(string name, out long number) =>
        long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out number) && name[0] != '0';
}
