namespace Bedplate.Inference;

/// <summary>
/// Receives the responses of a request that may have more than one. Calls for one request never overlap; all come
/// before the request's ending.
/// </summary>
public interface IResponseSink
{
    /// <summary>
    /// Takes a response. True: it is the sink's now, to be released by it. False: the reader is behind and the
    /// response stays the engine's, which holds the request back and offers it again after
    /// <see cref="InferenceRequest.ResumeResponses"/>.
    /// </summary>
    bool TryDeliver(InferenceResponse response);
}
