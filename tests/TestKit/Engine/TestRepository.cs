using System.Collections.Concurrent;
using Bedplate.Contracts.OpenInference;
using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Protocols;
using Bedplate.Protocols.OpenInference.Repository;

namespace Bedplate.Tests.TestKit.Engine;

/// <summary>A model repository whose models are specifications in memory; loading one goes through the engine.</summary>
public sealed class TestRepository(InferenceEngine engine) : IModelRepository
{
    private readonly ConcurrentDictionary<string, ModelSpec> _specs = new(StringComparer.Ordinal);

    /// <summary>What the last load request brought, if anything.</summary>
    public LoadOverride? LastOverride { get; private set; }

    /// <summary>What would have ended the last load before its time.</summary>
    public CancellationToken LastLoadCancellation { get; private set; }

    /// <summary>Makes a model known, so that it can be loaded.</summary>
    public void Add(ModelSpec spec) => _specs[spec.Name] = spec;

    /// <inheritdoc/>
    public IReadOnlyList<ModelStatus> Index(string repository, bool readyOnly) =>
        repository.Length > 0 ? [] : [.. engine.Models.Statuses.Where(status => !readyOnly || status.State == ModelState.Ready)];

    /// <inheritdoc/>
    public async ValueTask<ProtocolStatus> LoadAsync(string name, LoadOverride? replacement, CancellationToken cancellationToken)
    {
        LastOverride = replacement;
        LastLoadCancellation = cancellationToken;
        if (!_specs.TryGetValue(name, out var spec))
        {
            return ProtocolStatus.NotFound($"failed to load '{name}', no such model in the repository");
        }

        var statuses = await engine.Lifecycle.ApplyAsync(spec, cancellationToken);
        var failed = statuses.FirstOrDefault(status => status.State != ModelState.Ready);
        return failed is null ? ProtocolStatus.Ok : ProtocolStatus.Invalid($"failed to load '{name}': {failed.Reason}");
    }

    /// <inheritdoc/>
    public async ValueTask<ProtocolStatus> UnloadAsync(string name, bool unloadDependents, CancellationToken cancellationToken) =>
        await engine.Lifecycle.RemoveAsync(name, cancellationToken)
            ? ProtocolStatus.Ok
            : ProtocolStatus.NotFound($"failed to unload '{name}', it is not loaded");

    /// <inheritdoc/>
    public ModelConfig GetConfiguration(ServedModel model) =>
        new() { Name = model.Name, Backend = model.Spec.Backend, Platform = model.Platform, MaxBatchSize = model.Spec.MaxBatchSize };
}
