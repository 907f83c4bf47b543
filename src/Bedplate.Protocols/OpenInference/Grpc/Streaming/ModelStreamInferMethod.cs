using Bedplate.Protocols.Grpc;
using Bedplate.Protocols.OpenInference.Grpc.Infer;
using Microsoft.Extensions.ObjectPool;

namespace Bedplate.Protocols.OpenInference.Grpc.Streaming;

/// <summary>ModelStreamInfer: any number of requests, each with any number of responses.</summary>
internal sealed class ModelStreamInferMethod(
    string service, InferRequestReader reader, ObjectPool<ModelInferRequestDecoder> decoders, int maxConcurrentRequests, TimeProvider time)
    : GrpcMethod(service, "ModelStreamInfer")
{
    /// <inheritdoc/>
    public override async ValueTask<ProtocolStatus> InvokeAsync(GrpcCall call)
    {
        using var stream = new InferStream(call, reader, decoders, maxConcurrentRequests);
        return await stream.RunAsync(time);
    }
}
