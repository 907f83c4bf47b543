using System.Runtime.CompilerServices;
using Bedplate.Inference;
using Bedplate.Protocols.Grpc;
using Microsoft.Extensions.ObjectPool;

namespace Bedplate.Protocols.OpenInference.Grpc.Infer;

/// <summary>ModelInfer: one request, one response. The hot path: nothing is allocated here for a request that the engine answers at once.</summary>
internal sealed class ModelInferMethod(
    string service, InferRequestReader reader, ObjectPool<ModelInferRequestDecoder> decoders) : GrpcMethod(service, "ModelInfer")
{
    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<ProtocolStatus> InvokeAsync(GrpcCall call)
    {
        var decoder = decoders.Get();
        InferenceRequest? request = null;
        try
        {
            var status = await ReadAsync(call, decoder);
            if (status.IsOk)
            {
                status = reader.Bind(call, decoder, isStreamed: false, out request, out _);
            }

            if (!status.IsOk)
            {
                return status;
            }

            var running = request!.RunAsync();
            var ending = running.IsCompletedSuccessfully ? running.Result : await FinishAsync(call, request, running);
            status = ending.IsCompleted ? RequestedClasses.Apply(decoder, request) : ProtocolStatus.Of(ending);
            return status.IsOk
                ? await ModelInferResponseEncoder.WriteAsync(
                    call, new InferResponseMessage(request.Model, decoder, request.Response), CancellationToken.None)
                : status;
        }
        finally
        {
            request?.Dispose();
            decoders.Return(decoder);
        }
    }

    // Only a request that takes its time is worth asking whether its client is still there.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<InferenceEnding> FinishAsync(GrpcCall call, InferenceRequest request, ValueTask<InferenceEnding> running)
    {
        // Disposing waits for a cancellation under way, so that it never meets the request's next use.
        await using var cancellation = call.Aborted.UnsafeRegister(static request => ((InferenceRequest)request!).Cancel(), request);
        return await running;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ProtocolStatus> ReadAsync(GrpcCall call, ModelInferRequestDecoder decoder)
    {
        // Reading ends by itself when the client goes.
        var requests = call.Requests;
        var next = await requests.NextAsync(reader.Limit, CancellationToken.None);
        if (next != GrpcRead.Message)
        {
            return next == GrpcRead.EndOfStream ? GrpcRequests.Missing : requests.Fault;
        }

        var status = await reader.ReadAsync(call, decoder, CancellationToken.None);
        if (!status.IsOk)
        {
            return status;
        }

        return await requests.NextAsync(reader.Limit, CancellationToken.None) switch
        {
            GrpcRead.EndOfStream => ProtocolStatus.Ok,
            GrpcRead.Message => GrpcRequests.Several,
            _ => requests.Fault,
        };
    }
}
