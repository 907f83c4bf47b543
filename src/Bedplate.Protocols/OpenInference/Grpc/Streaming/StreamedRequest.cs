using Bedplate.Inference;
using Bedplate.Protocols.OpenInference.Grpc.Infer;

namespace Bedplate.Protocols.OpenInference.Grpc.Streaming;

/// <summary>
/// One request of a stream, from its decoding to its last response. Reused within its stream; what is said to be
/// guarded is guarded by the stream's lock.
/// </summary>
internal sealed class StreamedRequest(InferStream stream) : IResponseSink
{
    /// <summary>The request as it was sent.</summary>
    public required ModelInferRequestDecoder Decoder { get; set; }

    /// <summary>The engine's request; null when there is none (yet, any more, or because it was refused). Guarded.</summary>
    public InferenceRequest? Request { get; set; }

    /// <summary>How it ended; meaningful once <see cref="IsEnded"/>. Guarded until then.</summary>
    public ProtocolStatus Status { get; set; }

    /// <summary>Whether it has ended. Guarded.</summary>
    public bool IsEnded { get; set; }

    /// <summary>Whether its model gives any number of responses: they are not held to the order of the requests.</summary>
    public bool IsDecoupled { get; set; }

    /// <summary>Whether a response without outputs is to follow the last one.</summary>
    public bool WantsEmptyFinalResponse { get; set; }

    /// <summary>Responses taken from the engine and not written. Guarded.</summary>
    public int UndeliveredCount { get; set; }

    /// <summary>Whether the engine waits for <see cref="InferenceRequest.ResumeResponses"/>. Guarded.</summary>
    public bool IsHeldBack { get; set; }

    /// <summary>The run of the engine's request, until its end has been reported to the stream.</summary>
    public Task Running { get; private set; } = Task.CompletedTask;

    /// <summary>Runs the engine's request; its end is reported to the stream.</summary>
    public void Run(InferenceRequest request) => Running = RunAsync(request);

    /// <inheritdoc/>
    public bool TryDeliver(InferenceResponse response) => stream.TryTake(this, response);

    /// <summary>Makes it as new.</summary>
    public void Reset()
    {
        Running = Task.CompletedTask;
        Request = null;
        Status = default;
        IsEnded = false;
        IsDecoupled = false;
        WantsEmptyFinalResponse = false;
        UndeliveredCount = 0;
        IsHeldBack = false;
    }

    private async Task RunAsync(InferenceRequest request) => stream.End(this, ProtocolStatus.Of(await request.RunAsync()));
}
