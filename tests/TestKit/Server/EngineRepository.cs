using System.Collections.Concurrent;
using Bedplate.Contracts.OpenInference;
using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Protocols;
using Bedplate.Protocols.OpenInference.Repository;

namespace Bedplate.Tests.TestKit.Server;

/// <summary>A repository of models that are specified in code; what it loads and unloads is really loaded and unloaded.</summary>
public sealed class EngineRepository(InferenceEngine engine) : IModelRepository
{
    private readonly ConcurrentDictionary<string, ModelSpec> _specs = new(StringComparer.Ordinal);

    /// <summary>What the last load brought along.</summary>
    public LoadOverride? LastReplacement { get; private set; }

    /// <summary>Adds a model that can be loaded.</summary>
    public void Add(ModelSpec spec) => _specs[spec.Name] = spec;

    /// <inheritdoc/>
    public IReadOnlyList<ModelStatus> Index(string repository, bool readyOnly)
    {
        var known = engine.Models.Statuses.ToList();
        var others = _specs.Keys.Except(known.Select(status => status.Name)).Order(StringComparer.Ordinal);
        return [.. known.Where(status => !readyOnly || status.State == ModelState.Ready), .. readyOnly ? [] : others.Select(name => new ModelStatus(name, 0, ModelState.Unknown, ""))];
    }

    /// <inheritdoc/>
    public async ValueTask<ProtocolStatus> LoadAsync(string name, LoadOverride? replacement, CancellationToken cancellationToken)
    {
        LastReplacement = replacement;
        if (!_specs.TryGetValue(name, out var spec))
        {
            return ProtocolStatus.NotFound($"failed to load '{name}', no such model");
        }

        foreach (var status in await engine.Lifecycle.ApplyAsync(spec, cancellationToken))
        {
            if (status.State != ModelState.Ready)
            {
                return ProtocolStatus.Invalid($"load failed for model '{name}': {status.Reason}");
            }
        }

        return ProtocolStatus.Ok;
    }

    /// <inheritdoc/>
    public async ValueTask<ProtocolStatus> UnloadAsync(string name, bool unloadDependents, CancellationToken cancellationToken) =>
        await engine.Lifecycle.RemoveAsync(name, cancellationToken) ? ProtocolStatus.Ok : ProtocolStatus.NotFound($"failed to unload '{name}', no such model");

    /// <inheritdoc/>
    public ModelConfig GetConfiguration(ServedModel model)
    {
        var config = new ModelConfig { Name = model.Name, Backend = model.Spec.Backend, MaxBatchSize = model.Spec.MaxBatchSize };
        foreach (var input in model.Signature.Inputs)
        {
            config.Input.Add(new ModelInput { Name = input.Name, DataType = (Contracts.OpenInference.DataType)input.Type, Dims = { input.Shape.Span.ToArray() } });
        }

        return config;
    }
}
