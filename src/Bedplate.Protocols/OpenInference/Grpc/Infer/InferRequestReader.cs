using System.Runtime.CompilerServices;
using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Protocols.Grpc;
using Bedplate.Tensors;

namespace Bedplate.Protocols.OpenInference.Grpc.Infer;

/// <summary>
/// Brings a ModelInferRequest from the connection into a request of the engine: decoding, finding the model, refusing
/// early what would be refused anyway. Shared by the unary and the streaming method.
/// </summary>
internal sealed class InferRequestReader(OpenInferenceService service)
{
    /// <summary>The bound on one message.</summary>
    public GrpcMessageLimit Limit { get; } = new(
        Math.Min(service.Options.MaxRequestBytes, int.MaxValue),
        $"send less, or raise {SettingNames.MaxRequestBytes}");

    /// <summary>Reads the message that the call's reader stands at.</summary>
    public ValueTask<ProtocolStatus> ReadAsync(GrpcCall call, ModelInferRequestDecoder decoder, CancellationToken cancellationToken)
    {
        var requests = call.Requests;
        decoder.Start(service.Engine.Memory, Limit.Bytes, requests.ContentLength);
        if (!requests.IsContentWhole)
        {
            return ReadAsItArrivesAsync(call, decoder, cancellationToken);
        }

        var progress = decoder.Decode(requests.Content, isWhole: true, out var consumed);
        requests.Consume(consumed);
        return ValueTask.FromResult(progress == DecodeProgress.Complete ? ProtocolStatus.Ok : decoder.Fault);
    }

    /// <summary>
    /// Rents a request of the version that the message names and fills it. On success it is the caller's, to be
    /// disposed; otherwise there is none.
    /// </summary>
    public ProtocolStatus Bind(
        GrpcCall call, ModelInferRequestDecoder decoder, bool isStreamed, out InferenceRequest? request, out bool wantsEmptyFinalResponse)
    {
        request = null;
        wantsEmptyFinalResponse = false;
        while (request is null)
        {
            var found = ModelResolver.Find(service, decoder.ModelName, decoder.ModelVersion, out var model);
            if (!found.IsOk)
            {
                return found;
            }

            if (model!.IsDecoupled && !isStreamed)
            {
                return ProtocolStatus.Unsupported(
                    $"ModelInfer RPC doesn't support models with decoupled transaction policy; call ModelStreamInfer for model '{model.Name}'");
            }

            // Null: it is being unloaded. Another version may have taken its place.
            request = model.TryRent();
        }

        var status = InferRequestBinder.Bind(decoder, request, out wantsEmptyFinalResponse);
        if (status.IsOk)
        {
            request.Caller = service.Callers.GetCaller(call.Http);
            request.TraceContext = System.Diagnostics.Activity.Current?.Context ?? default;
            status = SetDeadline(call, request);
        }

        if (!status.IsOk)
        {
            request.Dispose();
            request = null;
        }

        return status;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ProtocolStatus> ReadAsItArrivesAsync(GrpcCall call, ModelInferRequestDecoder decoder, CancellationToken cancellationToken)
    {
        var requests = call.Requests;
        var isChecked = false;
        while (true)
        {
            var progress = decoder.Decode(requests.Content, requests.IsContentWhole, out var consumed);
            requests.Consume(consumed);
            if (progress != DecodeProgress.NeedMore)
            {
                return progress == DecodeProgress.Complete ? ProtocolStatus.Ok : decoder.Fault;
            }

            // The name is the first thing that clients send, and the rest may be large and slow.
            if (!isChecked && !decoder.ModelName.IsEmpty)
            {
                isChecked = true;
                var refusal = CheckEarly(call, decoder);
                if (!refusal.IsOk)
                {
                    return refusal;
                }
            }

            if (!await requests.MoreAsync(cancellationToken))
            {
                return requests.Fault;
            }
        }
    }

    private ProtocolStatus CheckEarly(GrpcCall call, ModelInferRequestDecoder decoder)
    {
        // A version that follows in a later piece is found when the message is whole.
        var found = ModelResolver.Find(service, decoder.ModelName, decoder.ModelVersion, out var model);
        if (!found.IsOk || call.Timeout is null)
        {
            return found;
        }

        var timeLeft = call.TimeLeft;
        if (timeLeft <= TimeSpan.Zero)
        {
            return DeadlinePassed;
        }

        return model!.WouldRefuse(timeLeft, priority: 0, out var refusal) ? ProtocolStatus.Of(refusal) : ProtocolStatus.Ok;
    }

    private static ProtocolStatus SetDeadline(GrpcCall call, InferenceRequest request)
    {
        var timeLeft = call.Timeout is null ? request.Model.Spec.DefaultDeadline : call.TimeLeft;
        if (timeLeft > TimeSpan.Zero)
        {
            request.SetDeadline(timeLeft);
            return ProtocolStatus.Ok;
        }

        return call.Timeout is null ? ProtocolStatus.Ok : DeadlinePassed;
    }

    private static ProtocolStatus DeadlinePassed { get; } = new(
        504, GrpcCode.DeadlineExceeded, "Deadline exceeded: the call's grpc-timeout passed before the request had arrived.");
}
