using System.Diagnostics;
using System.Runtime.CompilerServices;
using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference.Rest.Compression;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.ObjectPool;

namespace Bedplate.Protocols.OpenInference.Rest.Infer;

/// <summary>
/// <c>POST /v2/models/{model}[/versions/{version}]/infer</c>: the way of a request from its headers to its answer. A
/// small request to a small model runs through on the thread that read it, without a wait and without an allocation.
/// </summary>
internal sealed class InferEndpoint(OpenInferenceService service)
{
    // As many as a model keeps requests for reuse.
    private const int PooledExchanges = 256;

    private readonly InferReader _reader = new(service.Options);
    private readonly ObjectPool<InferExchange> _exchanges =
        new DefaultObjectPool<InferExchange>(new DefaultPooledObjectPolicy<InferExchange>(), PooledExchanges);

    // Of each form of a body: JSON, JSON with tensors' bytes behind it, the bytes of a single input.
    private readonly FirstRequests _firstText = new();
    private readonly FirstRequests _firstBinary = new();
    private readonly FirstRequests _firstRaw = new();

    /// <summary>Answers a request for a model.</summary>
    public Task HandleAsync(HttpContext context, ReadOnlySpan<char> name, ReadOnlySpan<char> version)
    {
        if (service.Find(name, version, out var model, out var status) != ModelLookup.Found
            || !InferHeaders.TryRead(context.Request, service.Options.MaxRequestBytes, out var headers, out status))
        {
            return RestReply.ErrorAsync(context, status);
        }

        InferenceRequest? request;
        TimeSpan deadline;
        while (true)
        {
            deadline = headers.Timeout > TimeSpan.Zero ? headers.Timeout : model!.Spec.DefaultDeadline;
            if (model!.WouldRefuse(deadline, priority: 0, out var refusal))
            {
                return RestReply.ErrorAsync(context, ProtocolStatus.Of(refusal));
            }

            request = model.TryRent();
            if (request is not null)
            {
                break;
            }

            // The version was replaced in this moment, and another is there already.
            if (service.Find(name, version, out model, out status) != ModelLookup.Found)
            {
                return RestReply.ErrorAsync(context, status);
            }
        }

        if (deadline > TimeSpan.Zero)
        {
            request.SetDeadline(deadline);
        }

        request.Caller = service.Callers.GetCaller(context);
        if (Activity.Current is { } activity)
        {
            request.TraceContext = activity.Context;
        }

        return RunAsync(context, request, headers);
    }

    private async Task RunAsync(HttpContext context, InferenceRequest request, InferHeaders headers)
    {
        if ((headers.HeaderLength < 0 ? _firstText : headers.HeaderLength == 0 ? _firstRaw : _firstBinary).HasOne())
        {
            await Task.Yield();
        }

        var exchange = _exchanges.Get();
        exchange.Begin(request);
        try
        {
            var isAnswered = await TryReadAsync(context, exchange, headers) && await TryRunAsync(context, exchange);
            if (isAnswered && SocketThread.IsTooMuch(request.Response.ByteLength))
            {
                await Task.Yield();
            }

            if (isAnswered && InferAnswer.TryCompose(exchange))
            {
                await InferAnswer.SendAsync(context.Response, exchange, headers.AnswerCoding);
            }
            else if (exchange.Failure.Grpc == GrpcCode.Cancelled)
            {
                // Nobody is there to read it; the status is for whoever counts.
                context.Response.StatusCode = exchange.Failure.Http;
            }
            else
            {
                await RestReply.ErrorAsync(context, exchange.Failure);
            }
        }
        finally
        {
            _exchanges.Return(exchange);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> TryReadAsync(HttpContext context, InferExchange exchange, InferHeaders headers)
    {
        var limit = service.Options.MaxRequestBytes;
        var isPlain = headers.Coding == ContentCoding.Identity;
        var reader = isPlain ? context.Request.BodyReader : CompressedBody.Open(context.Request.Body, headers.Coding);
        var length = isPlain ? headers.BodyLength : null;
        exchange.Body.Begin(reader, length, limit, exchange.Request.Memory);
        try
        {
            return await _reader.ReadAsync(exchange, headers.HeaderLength, length);
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return exchange.Fail(InferFaults.BodyTooLarge(limit));
        }
        catch (Exception exception) when (CompressionFault.Is(exception))
        {
            return exchange.Fail(InferFaults.Compression(headers.Coding.Name()));
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            return exchange.Fail(BodyFaults.Of(context, exception));
        }
        finally
        {
            if (!isPlain)
            {
                exchange.Body.End();
                await reader.CompleteAsync();
            }
        }
    }

    private static ValueTask<bool> TryRunAsync(HttpContext context, InferExchange exchange)
    {
        var running = exchange.Request.RunAsync();
        return running.IsCompletedSuccessfully ? new ValueTask<bool>(IsAnswered(exchange, running.Result)) : WaitAsync(context, exchange, running);
    }

    // Only a request that waits has to hear that its caller has gone.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<bool> WaitAsync(HttpContext context, InferExchange exchange, ValueTask<InferenceEnding> running)
    {
        // Disposing waits for a callback that runs, so that none reaches the request after it has been given back.
        using var registration = context.RequestAborted.UnsafeRegister(
            static request => ((InferenceRequest)request!).Cancel(), exchange.Request);
        return IsAnswered(exchange, await running);
    }

    private static bool IsAnswered(InferExchange exchange, in InferenceEnding ending) =>
        ending.IsCompleted || exchange.Fail(ProtocolStatus.Of(ending));
}
