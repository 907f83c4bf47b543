using Bedplate.Contracts.OpenInference;
using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference.Configuration;

namespace Bedplate.Protocols.OpenInference.Repository;

/// <summary>
/// The models that the program around the engine has loaded by itself. They can be listed and described; which there
/// are is the program's affair, so requests can neither load nor unload any.
/// </summary>
public sealed class LoadedModels(InferenceEngine engine) : IModelRepository
{
    /// <inheritdoc/>
    public IReadOnlyList<ModelStatus> Index(string repository, bool readyOnly) => repository.Length > 0
        ? []
        : [.. engine.Models.Statuses
            .Where(status => !readyOnly || status.State == ModelState.Ready)
            .OrderBy(status => status.Name, StringComparer.Ordinal).ThenBy(status => status.Version)];

    /// <inheritdoc/>
    public ValueTask<ProtocolStatus> LoadAsync(string name, LoadOverride? replacement, CancellationToken cancellationToken) =>
        new(Refusal("load", name));

    /// <inheritdoc/>
    public ValueTask<ProtocolStatus> UnloadAsync(string name, bool unloadDependents, CancellationToken cancellationToken) =>
        new(Refusal("unload", name));

    /// <inheritdoc/>
    public ModelConfig GetConfiguration(ServedModel model)
    {
        var config = new ModelConfig { Name = model.Name, Platform = model.Platform, Backend = model.Spec.Backend, MaxBatchSize = model.Spec.MaxBatchSize };
        return ModelConfigCompletion.Complete(config, model.Signature, model.InstanceCount);
    }

    private static ProtocolStatus Refusal(string action, string name) => ProtocolStatus.Unsupported(
        $"failed to {action} '{name}': models are loaded and unloaded by the program that serves them, not by request");
}
