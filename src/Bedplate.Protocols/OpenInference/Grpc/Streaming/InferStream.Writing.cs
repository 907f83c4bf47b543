using Bedplate.Inference;
using Bedplate.Protocols.Grpc;
using Bedplate.Protocols.OpenInference.Grpc.Infer;

namespace Bedplate.Protocols.OpenInference.Grpc.Streaming;

// The loop that writes what the others put into the queue.
internal sealed partial class InferStream
{
    private async Task WriteAllAsync()
    {
        while (true)
        {
            (StreamedRequest Request, InferenceResponse? Response) item;
            bool isClosed;
            lock (_lock)
            {
                isClosed = _closed is not null;
                if (!_ready.TryDequeue(out item) && _isReadingDone && _open.Count == 0)
                {
                    return;
                }
            }

            if (item.Request is null)
            {
                await _workSignal.Reader.ReadAsync();
            }
            else if (item.Response is not null)
            {
                await DeliverAsync(item.Request, item.Response, isClosed);
            }
            else
            {
                await FinishAsync(item.Request, isClosed);
            }
        }
    }

    private async ValueTask DeliverAsync(StreamedRequest request, InferenceResponse response, bool isClosed)
    {
        if (!isClosed)
        {
            await WriteAsync(request, response, isFinal: false);
        }

        response.Release();
        bool isHeldBack;
        lock (_lock)
        {
            request.UndeliveredCount--;
            isHeldBack = request.IsHeldBack;
            request.IsHeldBack = false;
        }

        if (isHeldBack)
        {
            request.Request!.ResumeResponses();
        }
    }

    private async ValueTask FinishAsync(StreamedRequest request, bool isClosed)
    {
        if (!isClosed)
        {
            if (request.Status.IsOk && !request.IsDecoupled)
            {
                request.Status = RequestedClasses.Apply(request.Decoder, request.Request!);
            }

            if (!request.Status.IsOk)
            {
                await FailAsync(request, request.Status);
            }
            else if (!request.IsDecoupled)
            {
                await WriteAsync(request, request.Request!.Response, isFinal: true);
            }
            else if (request.WantsEmptyFinalResponse)
            {
                await WriteAsync(request, response: null, isFinal: true);
            }
        }

        await request.Running;
        Complete(request);
    }

    private async ValueTask WriteAsync(StreamedRequest request, InferenceResponse? response, bool isFinal)
    {
        var status = ProtocolStatus.Ok;
        try
        {
            var message = new InferResponseMessage(request.Request!.Model, request.Decoder, response) { IsStreamed = true, IsFinal = isFinal };
            status = await ModelInferResponseEncoder.WriteAsync(_call, message, _closing.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            Close(Gone);
        }

        if (!status.IsOk)
        {
            await FailAsync(request, status);
        }
    }

    // Within the stream, or with the client's leave (metadata triton_grpc_error) by ending it.
    private async ValueTask FailAsync(StreamedRequest request, ProtocolStatus status)
    {
        if (_failsOnError)
        {
            Close(status);
            return;
        }

        try
        {
            await GrpcMessageWriter.WriteAsync(_call, InferErrorMessage.Of(request.Decoder, status), _closing.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            Close(Gone);
        }
    }
}
