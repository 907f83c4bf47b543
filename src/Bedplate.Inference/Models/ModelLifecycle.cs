using System.Collections.Concurrent;
using Bedplate.Inference.Backends;
using Microsoft.Extensions.Logging;

namespace Bedplate.Inference.Models;

/// <summary>
/// Brings models to life and ends them: try, load, warm up, publish; withdraw, drain, unload. A change of a served
/// version loads the new content beside the old, swaps, and drains the old, so that no request meets a gap. A load
/// that fails leaves what is served as it is.
/// </summary>
public sealed partial class ModelLifecycle : IAsyncDisposable
{
    private readonly InferenceEngine _engine;
    private readonly IReadOnlyDictionary<string, IBackend> _backends;
    private readonly IModelTrial? _trial;
    private readonly ILogger _logger;
    private readonly LoaderThreads _loader;
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _gates = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Task, byte> _unloading = new();

    internal ModelLifecycle(InferenceEngine engine, IEnumerable<IBackend> backends, IModelTrial? trial, ILogger logger)
    {
        _engine = engine;
        _backends = backends.ToDictionary(backend => backend.Name, StringComparer.Ordinal);
        _trial = trial;
        _logger = logger;
        _loader = new LoaderThreads(engine.Options.LoadThreads);
    }

    private ModelCatalog Catalog => _engine.Models;

    /// <summary>
    /// Makes what is served of this model equal to the specification: loads what is new or changed, unloads what is
    /// no longer wanted. Ends when every wanted version is ready or has failed; unloading goes on by itself. Returns
    /// the state of each wanted version.
    /// </summary>
    public async Task<IReadOnlyList<ModelStatus>> ApplyAsync(ModelSpec spec, CancellationToken cancellationToken)
    {
        using var turn = await TakeTurnAsync(spec.Name, cancellationToken);
        Catalog.Know(spec.Name);
        Catalog.ClearModelStatus(spec.Name);
        var available = spec.Versions.ToDictionary(version => version.Number);
        var wanted = spec.VersionPolicy.Select(available.Keys);
        foreach (var missing in spec.VersionPolicy.Missing(available.Keys))
        {
            Report(spec.Name, missing, ModelState.Unavailable, $"version {missing} is asked for by the version policy and is not there");
        }

        foreach (var number in wanted.Order())
        {
            await LoadVersionAsync(spec, available[number], cancellationToken);
        }

        // What is no longer wanted serves on while nothing that is wanted can take its place.
        var versions = Catalog.VersionsOf(spec.Name);
        if (wanted.Count == 0 || versions.Any(served => wanted.Contains(served.Version)))
        {
            foreach (var served in versions.Where(served => !wanted.Contains(served.Version)))
            {
                BeginUnload(served);
            }
        }

        return [.. Catalog.StatusesOf(spec.Name).Where(status => wanted.Contains(status.Version))];
    }

    /// <summary>
    /// Stops serving a model. Ends when no request can reach it any more; requests it has are finished and its memory
    /// is freed afterwards. False when the name is not known.
    /// </summary>
    public async Task<bool> RemoveAsync(string name, CancellationToken cancellationToken)
    {
        if (Catalog.StatusesOf(name).Count == 0)
        {
            return false;
        }

        using var turn = await TakeTurnAsync(name, cancellationToken);
        Catalog.ClearModelStatus(name);
        foreach (var served in Catalog.VersionsOf(name))
        {
            BeginUnload(served);
        }

        return true;
    }

    /// <summary>Does a step on a thread that loads models, and as urgently. For a version that is kept from being unloaded.</summary>
    internal Task RunAsLoadingAsync(Action step) => _loader.RunAsync(
        () =>
        {
            step();
            return true;
        },
        CancellationToken.None);

    /// <summary>Waits until everything that is being unloaded has gone.</summary>
    public Task WhenUnloadedAsync() => Task.WhenAll(_unloading.Keys);

    /// <summary>Says that a model is about to be applied, so that it is known and not ready until then.</summary>
    public void Announce(string name) => Catalog.Know(name);

    /// <summary>Records that a model, and with it none of its versions, can be specified, so that the index says why.</summary>
    public void ReportUnavailable(string name, string reason)
    {
        Catalog.Know(name);
        Report(name, version: 0, ModelState.Unavailable, reason);
        LogNotLoadable(name, reason);
    }

    /// <summary>Drains and unloads everything.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var served in Catalog.Served.ToArray())
        {
            BeginUnload(served);
        }

        await WhenUnloadedAsync();
        _loader.Dispose();
    }

    private async Task LoadVersionAsync(ModelSpec spec, VersionSource source, CancellationToken cancellationToken)
    {
        var current = Catalog.VersionsOf(spec.Name).FirstOrDefault(served => served.Version == source.Number);
        if (current is not null && source.ContentStamp.Length > 0
            && current.Source == source && current.Spec.ConfigurationStamp == spec.ConfigurationStamp)
        {
            return;
        }

        if (current is null)
        {
            Report(spec.Name, source.Number, ModelState.Loading, "");
        }

        var started = _engine.Time.GetTimestamp();
        LogLoading(spec.Name, source.Number);
        try
        {
            var backend = FindBackend(spec);
            var modelSource = ToSource(spec, source);
            if (_trial is not null)
            {
                await _trial.TryAsync(backend, spec, modelSource, cancellationToken);
            }

            var loaded = await _loader.RunAsync(() => Load(spec, source, backend, modelSource, cancellationToken), cancellationToken);
            if (current is not null)
            {
                loaded.Scheduler.LearnFrom(current.Scheduler);
            }

            var replaced = Catalog.Publish(loaded);
            Report(spec.Name, source.Number, ModelState.Ready, "");
            LogReady(spec.Name, source.Number, _engine.Time.GetElapsedTime(started));
            if (replaced is not null)
            {
                TrackUnload(replaced, DrainAndUnloadAsync(replaced));
            }
        }
#pragma warning disable CA1031 // Whatever is thrown by what loads a version, it is this one that is unavailable and nothing else.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            var isExpected = exception is ModelLoadException or IOException or UnauthorizedAccessException;
            var reason = isExpected ? exception.Message : $"{exception.GetType().Name}: {exception.Message}";
            LogUnavailable(isExpected ? null : exception, spec.Name, source.Number, reason);
            if (current is null)
            {
                Report(spec.Name, source.Number, ModelState.Unavailable, reason);
            }
            else
            {
                // What served before serves on; the index says that it is not the latest content.
                Report(spec.Name, source.Number, ModelState.Ready, $"reload failed, the previous content is served: {reason}");
            }
        }
    }

    private ServedModel Load(
        ModelSpec spec, VersionSource source, IBackend backend, ModelSource modelSource, CancellationToken cancellationToken)
    {
        var backendModel = backend.Load(modelSource, _engine.Memory, cancellationToken);
        ServedModel? served = null;
        try
        {
            RequireBatchDimension(spec, backendModel.Signature);
            served = new ServedModel(_engine, spec, source, backend, backendModel, Catalog.StatisticsOf(spec.Name, source.Number));
            Warmup.Run(served, backendModel, _logger, cancellationToken);
            return served;
        }
        catch
        {
            if (served is null)
            {
                backendModel.Dispose();
            }
            else
            {
                served.Unload();
            }

            throw;
        }
    }

    // Triton's words first. A tensor of unknown rank is judged by what it turns out to have.
    private static void RequireBatchDimension(ModelSpec spec, ModelSignature signature)
    {
        foreach (var tensor in signature.Inputs.Concat(signature.Outputs))
        {
            if (spec.MaxBatchSize > 0 && tensor.HasKnownRank && (tensor.Shape.Rank == 0 || tensor.Shape[0] >= 0))
            {
                throw new ModelLoadException(
                    $"autofill failed for model '{spec.Name}': model does not support batching while non-zero max_batch_size is"
                    + $" specified; '{tensor.Name}' has shape {tensor.Shape}, which begins with no variable dimension: leave"
                    + " max_batch_size out or export the model with a variable batch dimension");
            }
        }
    }

    private IBackend FindBackend(ModelSpec spec) =>
        _backends.TryGetValue(spec.Backend, out var backend)
            ? backend
            : throw new ModelLoadException(
                $"backend '{spec.Backend}' is not available; available are {string.Join(", ", _backends.Keys.Order(StringComparer.Ordinal))}");

    private ModelSource ToSource(ModelSpec spec, VersionSource source) => new()
    {
        Name = spec.Name,
        Version = source.Number,
        Path = source.Path,
        InstanceCount = spec.InstanceCount == 0 ? _engine.Gate.Permits : spec.InstanceCount,
        DeclaredSignature = spec.DeclaredSignature,
        Parameters = spec.Parameters,
    };

    private void BeginUnload(ServedModel served)
    {
        Catalog.Withdraw(served);
        Report(served.Name, served.Version, ModelState.Unloading, "");
        TrackUnload(served, UnloadAsync());

        async Task UnloadAsync()
        {
            await DrainAndUnloadAsync(served);
            Report(served.Name, served.Version, ModelState.Unavailable, "unloaded");
        }
    }

    private async Task DrainAndUnloadAsync(ServedModel served)
    {
        await served.DrainAsync();
        await _loader.RunAsync(
            () =>
            {
                served.Unload();
                return true;
            },
            CancellationToken.None);
        _engine.Memory.Trim();
        LogUnloaded(served.Name, served.Version);
    }

    private void TrackUnload(ServedModel served, Task unload)
    {
        _unloading.TryAdd(unload, 0);
        _ = RemoveWhenDoneAsync();

        async Task RemoveWhenDoneAsync()
        {
            try
            {
                await unload;
            }
#pragma warning disable CA1031 // Whatever a runtime throws while it frees memory, serving goes on; it is logged.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogUnloadFailed(exception, served.Name, served.Version);
            }

            _unloading.TryRemove(unload, out _);
        }
    }

    private void Report(string name, long version, ModelState state, string reason) =>
        Catalog.SetStatus(new ModelStatus(name, version, state, reason));

    // One change at a time per model; models do not wait for each other here.
    private async Task<Turn> TakeTurnAsync(string name, CancellationToken cancellationToken)
    {
        var gate = _gates.GetOrAdd(name, static _ => new SemaphoreSlim(1));
        await gate.WaitAsync(cancellationToken);
        return new Turn(gate);
    }

    private readonly struct Turn(SemaphoreSlim gate) : IDisposable
    {
        public void Dispose() => gate.Release();
    }
}
