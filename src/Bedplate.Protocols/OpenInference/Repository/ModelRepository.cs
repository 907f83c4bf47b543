using System.Collections.Concurrent;
using System.Collections.Immutable;
using Bedplate.Contracts.OpenInference;
using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference.Configuration;
using Bedplate.Protocols.OpenInference.Configuration.Json;
using Microsoft.Extensions.Logging;

namespace Bedplate.Protocols.OpenInference.Repository;

/// <summary>
/// Model repositories put to service: what is found in them is handed to the engine's lifecycle, at the start, on
/// request or as they change.
/// </summary>
public sealed partial class ModelRepository : IModelRepository, IDisposable
{
    /// <summary>Among the models to load at the start: all of them.</summary>
    public const string AllModels = "*";

    private readonly InferenceEngine _engine;
    private readonly ModelRepositoryScanner _scanner;
    private readonly ModelControlMode _mode;
    private readonly OverrideDirectory _overrides;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, ScannedModel> _served = new(StringComparer.Ordinal);
    private volatile RepositoryScan _lastScan = RepositoryScan.Empty;

    /// <summary>Puts repositories to service for an engine.</summary>
    /// <param name="engine">Where the models are served.</param>
    /// <param name="scanner">Reads the repositories.</param>
    /// <param name="mode">Who decides what is served.</param>
    /// <param name="logger">Where notes on what is found go.</param>
    public ModelRepository(
        InferenceEngine engine, ModelRepositoryScanner scanner, ModelControlMode mode, ILogger<ModelRepository> logger)
    {
        _engine = engine;
        _scanner = scanner;
        _mode = mode;
        _logger = logger;
        _overrides = new OverrideDirectory();
    }

    /// <summary>
    /// Reads the repositories and loads what is to be served from the start: with <see cref="ModelControlMode.Explicit"/>
    /// the models named, otherwise all. Ends when each is ready or has failed.
    /// </summary>
    /// <exception cref="ModelRepositoryException">A repository cannot be read.</exception>
    public async Task StartAsync(IReadOnlyCollection<string> modelsToLoad, CancellationToken cancellationToken)
    {
        OverrideDirectory.RemoveAbandoned();
        var scan = _scanner.Scan(cancellationToken);
        _lastScan = scan;
        foreach (var note in scan.Notes)
        {
            LogIgnored(note);
        }

        var all = _mode != ModelControlMode.Explicit || modelsToLoad.Contains(AllModels);
        var wanted = scan.Models.Values.Where(model => all || modelsToLoad.Contains(model.Name)).ToList();

        // Who asks for one whose turn has not come hears that it is not ready, not that there is none.
        wanted.ForEach(model => _engine.Lifecycle.Announce(model.Name));
        foreach (var model in wanted)
        {
            await ApplyAsync(model, cancellationToken);
        }

        foreach (var missing in modelsToLoad.Where(name => name != AllModels && !scan.Models.ContainsKey(name)))
        {
            _engine.Lifecycle.ReportUnavailable(missing, "no model repository has a model of this name");
        }
    }

    /// <summary>Follows the repositories until cancelled; for <see cref="ModelControlMode.Poll"/>.</summary>
    public async Task FollowAsync(RepositoryWatcher watcher, CancellationToken cancellationToken)
    {
        await foreach (var scan in watcher.WatchAsync(_lastScan, cancellationToken))
        {
            var changes = RepositoryChanges.Between(_lastScan, scan);
            _lastScan = scan;
            foreach (var model in changes.Added.Concat(changes.Changed.Select(change => change.After)))
            {
                await ApplyAsync(model, cancellationToken);
            }

            foreach (var model in changes.Removed)
            {
                _served.TryRemove(model.Name, out _);
                await _engine.Lifecycle.RemoveAsync(model.Name, cancellationToken);
            }
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<ModelStatus> Index(string repository, bool readyOnly)
    {
        var statuses = _engine.Models.Statuses.ToList();
        var known = statuses.Select(status => status.Name).ToHashSet(StringComparer.Ordinal);
        var present = FindModels();
        statuses.AddRange(present.Keys
            .Where(name => !known.Contains(name))
            .Select(name => new ModelStatus(name, 0, ModelState.Unknown, "")));
        return
        [
            .. statuses
                .Where(status => !readyOnly || status.State == ModelState.Ready)
                .Where(status => repository.Length == 0 || (present.TryGetValue(status.Name, out var path) && IsNamed(path, repository)))
                .OrderBy(status => status.Name, StringComparer.Ordinal).ThenBy(status => status.Version),
        ];
    }

    /// <inheritdoc/>
    public async ValueTask<ProtocolStatus> LoadAsync(string name, LoadOverride? replacement, CancellationToken cancellationToken)
    {
        if (RefuseControl() is { } refusal)
        {
            return refusal;
        }

        ScannedModel? model;
        try
        {
            model = replacement is null ? _scanner.ScanModel(name) : ReadOverride(name, replacement);
        }
        catch (Exception exception) when (exception is ModelRepositoryException or IOException or UnauthorizedAccessException)
        {
            return ProtocolStatus.Internal($"failed to load '{name}', failed to poll from model repository: {exception.Message}");
        }

        if (model is null)
        {
            return ProtocolStatus.NotFound(
                $"failed to load '{name}', failed to poll from model repository: none has a model of this name");
        }

        if (model.Problem is not null && replacement is not null)
        {
            // What a request brings leaves no trace when it cannot be used.
            return ProtocolStatus.Invalid($"failed to load '{name}', {model.Problem}");
        }

        var statuses = await ApplyAsync(model, cancellationToken);
        var failed = statuses.Where(status => status.State != ModelState.Ready || status.Reason.Length > 0).ToList();
        return failed.Count == 0
            ? ProtocolStatus.Ok
            : ProtocolStatus.Invalid($"failed to load '{name}', {string.Join("; ", failed.Select(Describe))}");
    }

    /// <inheritdoc/>
    public async ValueTask<ProtocolStatus> UnloadAsync(string name, bool unloadDependents, CancellationToken cancellationToken)
    {
        if (RefuseControl() is { } refusal)
        {
            return refusal;
        }

        // Nothing depends on a model until there are ensembles, so there are no dependents to unload.
        _served.TryRemove(name, out _);
        return await _engine.Lifecycle.RemoveAsync(name, cancellationToken)
            ? ProtocolStatus.Ok
            : ProtocolStatus.NotFound($"failed to unload '{name}', no model of this name is known");
    }

    /// <inheritdoc/>
    public ModelConfig GetConfiguration(ServedModel model)
    {
        var compiled = _served.TryGetValue(model.Name, out var scanned) ? scanned.Config : null;
        compiled ??= new ModelConfig { Name = model.Name, Platform = model.Platform, Backend = model.Spec.Backend, MaxBatchSize = model.Spec.MaxBatchSize };
        return ModelConfigCompletion.Complete(compiled, model.Signature, model.InstanceCount);
    }

    /// <summary>Removes the files that load requests brought.</summary>
    public void Dispose() => _overrides.Dispose();

    private async Task<IReadOnlyList<ModelStatus>> ApplyAsync(ScannedModel model, CancellationToken cancellationToken)
    {
        foreach (var note in model.Notes)
        {
            LogNote(model.Name, note);
        }

        if (model.Spec is null)
        {
            _engine.Lifecycle.ReportUnavailable(model.Name, model.Problem ?? "it has no versions");
            return _engine.Models.StatusesOf(model.Name);
        }

        _served[model.Name] = model;
        return await _engine.Lifecycle.ApplyAsync(model.Spec with { ConfigurationStamp = model.ConfigStamp }, cancellationToken);
    }

    private ScannedModel? ReadOverride(string name, LoadOverride replacement)
    {
        if (ModelNames.Check(name) is { } fault)
        {
            throw new ModelRepositoryException(fault);
        }

        ModelConfig? config = null;
        if (!replacement.ConfigurationJson.IsEmpty)
        {
            try
            {
                config = ModelConfigJson.Read(replacement.ConfigurationJson.Span);
            }
            catch (ModelConfigJsonException exception)
            {
                throw new ModelRepositoryException($"its configuration cannot be read: {exception.Message}");
            }
        }

        return replacement.Files.Count == 0
            ? _scanner.ScanModel(name, config)
            : _overrides.Read(name, config, replacement.Files);
    }

    private ProtocolStatus? RefuseControl() => _mode == ModelControlMode.Explicit
        ? null
        : ProtocolStatus.Unavailable(
            "explicit model load / unload is not allowed if polling is enabled; start the server with --model-control-mode explicit to allow it");

    // Each model with its repository. What can be loaded on request is looked for at every request, so that whoever has
    // brought a model sees it; otherwise it is what was found when the models served were chosen.
    private IReadOnlyDictionary<string, string> FindModels()
    {
        if (_mode == ModelControlMode.Explicit)
        {
            try
            {
                return _scanner.Find();
            }
            catch (ModelRepositoryException)
            {
                // A repository that cannot be reached at the moment: what was there at the start.
            }
        }

        return _lastScan.Models.ToDictionary(model => model.Key, model => model.Value.Repository, StringComparer.Ordinal);
    }

    private static bool IsNamed(string path, string repository) =>
        path == repository || Path.GetFileName(Path.TrimEndingDirectorySeparator(path)) == repository;

    private static string Describe(ModelStatus status) =>
        status.Version == 0 ? status.Reason : $"version {status.Version} is at {status.State.ToString().ToUpperInvariant()} state: {status.Reason}";
}
