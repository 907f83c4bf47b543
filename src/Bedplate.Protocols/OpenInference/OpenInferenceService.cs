using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference.Repository;
using Microsoft.AspNetCore.Http;

namespace Bedplate.Protocols.OpenInference;

/// <summary>
/// What the protocol's two bindings, REST and gRPC, have in common: the engine they feed, the repository they
/// control, and what the server says of itself.
/// </summary>
/// <exception cref="ArgumentException">The options cannot be used; the message lists every fault.</exception>
public sealed class OpenInferenceService(
    InferenceEngine engine, IModelRepository repository, ServerInfo info, OpenInferenceOptions options, ICallerSource callers)
{
    /// <summary>Where requests run.</summary>
    public InferenceEngine Engine => engine;

    /// <summary>What the repository extension controls.</summary>
    public IModelRepository Repository => repository;

    /// <summary>The server's name, version and extensions.</summary>
    public ServerInfo Info => info;

    /// <summary>Bounds and switches.</summary>
    public OpenInferenceOptions Options { get; } = Checked(options);

    /// <summary>Says on whose behalf a request is made.</summary>
    public ICallerSource Callers => callers;

    /// <summary>
    /// Whether the server takes traffic: it has started, is not stopping, and every model it was asked to serve at
    /// the start is ready or has failed for good.
    /// </summary>
    public bool IsReady
    {
        get => Readiness.IsReady;
        set => Readiness.IsReady = value;
    }

    /// <summary>The same, for those who wait for it to change.</summary>
    public Readiness Readiness { get; } = new();

    /// <summary>
    /// Finds the version for a request; when it is not <see cref="ModelLookup.Found"/>, with the status to answer.
    /// An empty version means the latest ready one.
    /// </summary>
    public ModelLookup Find(ReadOnlySpan<char> name, ReadOnlySpan<char> version, out ServedModel? model, out ProtocolStatus status)
    {
        var lookup = engine.Models.Find(name, version, out model);
        status = lookup == ModelLookup.Found ? default : ProtocolStatus.Of(lookup, name, version);
        return lookup;
    }

    private static OpenInferenceOptions Checked(OpenInferenceOptions options)
    {
        var faults = options.Validate();
        return faults.Count == 0 ? options : throw new ArgumentException(string.Join(Environment.NewLine, faults), nameof(options));
    }
}

/// <summary>Says on whose behalf a request is made, from what was authenticated before it came here.</summary>
public interface ICallerSource
{
    /// <summary>The caller; <see cref="Caller.Anonymous"/> where nobody was asked.</summary>
    Caller GetCaller(HttpContext context);
}
