using Bedplate.Inference;
using Bedplate.Inference.Models;

namespace Bedplate.Protocols.OpenInference.Grpc.Infer;

/// <summary>A ModelInferResponse to be written, by itself or within a ModelStreamInferResponse.</summary>
/// <param name="model">The version that answers.</param>
/// <param name="request">The request that is answered; its id comes back.</param>
/// <param name="response">The outputs; null for a response that only says that it is the last one.</param>
internal readonly unsafe struct InferResponseMessage(ServedModel model, ModelInferRequestDecoder request, InferenceResponse? response)
{
    public ServedModel Model { get; } = model;

    public ModelInferRequestDecoder Request { get; } = request;

    public InferenceResponse? Response { get; } = response;

    /// <summary>Whether it is a message of ModelStreamInfer.</summary>
    public bool IsStreamed { get; init; }

    /// <summary>Whether it is the last response of its request; told in streams only.</summary>
    public bool IsFinal { get; init; }

    public int OutputCount => Response?.Outputs.Length ?? 0;

    /// <summary>Bytes of an output; −1 for one that was not asked for.</summary>
    public long LengthOf(int output) => Response!.Outputs[output].IsPresent ? Response.Outputs[output].ByteLength : -1;

    /// <summary>A piece of an output's bytes.</summary>
    public ReadOnlySpan<byte> BytesOf(int output, long start, int count) => new(Response!.Outputs[output].Pointer + start, count);
}
