namespace Bedplate.Protocols.OpenInference;

/// <summary>What the server reports of itself in the protocol's server metadata.</summary>
/// <param name="Name">"bedplate".</param>
/// <param name="Version">The product's version.</param>
/// <param name="Extensions">The protocol extensions that are really served, named as Triton names them.</param>
/// <param name="Runtimes">The runtimes models run on; an addition to the protocol's own fields.</param>
public sealed record ServerInfo(
    string Name, string Version, IReadOnlyList<string> Extensions, IReadOnlyList<RuntimeInfo> Runtimes);

/// <summary>A runtime as server metadata reports it.</summary>
/// <param name="Name">As in "onnxruntime".</param>
/// <param name="Version">The runtime's own version.</param>
/// <param name="Build">The runtime's own build description.</param>
/// <param name="ExecutionProviders">What it can run on, in its own names.</param>
/// <param name="ExperimentalProviders">Those among them that this product is not tested with.</param>
public sealed record RuntimeInfo(
    string Name, string Version, string Build, IReadOnlyList<string> ExecutionProviders, IReadOnlyList<string> ExperimentalProviders);
