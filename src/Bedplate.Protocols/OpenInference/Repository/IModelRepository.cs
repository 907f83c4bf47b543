using Bedplate.Contracts.OpenInference;
using Bedplate.Inference.Models;

namespace Bedplate.Protocols.OpenInference.Repository;

/// <summary>The model repository extension, apart from how it is spoken.</summary>
public interface IModelRepository
{
    /// <summary>
    /// Every model and version known, whether or not it is served. <paramref name="repository"/> limits to one
    /// repository by name; empty for all.
    /// </summary>
    IReadOnlyList<ModelStatus> Index(string repository, bool readyOnly);

    /// <summary>
    /// Loads or reloads a model from its repository, or with what the request brings. Ends when it is ready or has
    /// failed.
    /// </summary>
    ValueTask<ProtocolStatus> LoadAsync(string name, LoadOverride? replacement, CancellationToken cancellationToken);

    /// <summary>Stops serving a model. Ends when no new request can reach it.</summary>
    ValueTask<ProtocolStatus> UnloadAsync(string name, bool unloadDependents, CancellationToken cancellationToken);

    /// <summary>The complete configuration of a served version, with what was found out about it.</summary>
    ModelConfig GetConfiguration(ServedModel model);
}

/// <summary>A configuration and files that a load request brings in place of the repository's.</summary>
/// <param name="ConfigurationJson">The model configuration as JSON, in UTF-8; empty when the request brings none.</param>
/// <param name="Files">File contents by path within the model's directory, as in "1/model.onnx".</param>
public sealed record LoadOverride(ReadOnlyMemory<byte> ConfigurationJson, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Files);
