using System.Threading.Channels;
using Bedplate.Inference;
using Bedplate.Protocols.Grpc;
using Bedplate.Protocols.OpenInference.Grpc.Infer;
using Microsoft.Extensions.ObjectPool;

namespace Bedplate.Protocols.OpenInference.Grpc.Streaming;

/// <summary>
/// One ModelStreamInfer call. Its requests run beside each other, up to a bound; reading stops at the bound, so that
/// a client that does not read its responses is held back by its own stream. Responses of models that answer once
/// come in the order of the requests, as Triton's do; those of decoupled models as they are made.
/// </summary>
/// <remarks>
/// Two loops: <see cref="ReadAllAsync"/> reads and starts requests, <see cref="WriteAllAsync"/> is the only one that
/// writes. <see cref="_lock"/> guards what they share with the engine's threads, which end requests and bring
/// responses; it is held while requests are cancelled, so that none is disposed meanwhile, and never while waiting.
/// </remarks>
internal sealed partial class InferStream : IDisposable
{
    // Responses of one decoupled request that wait to be written before its model is held back: one being written, one
    // ready, and slack for the switch between the two threads.
    private const int MaxUndelivered = 4;

    private readonly Lock _lock = new();
    private readonly GrpcCall _call;
    private readonly InferRequestReader _reader;
    private readonly ObjectPool<ModelInferRequestDecoder> _decoders;
    private readonly bool _failsOnError;
    private readonly SemaphoreSlim _room;
    private readonly Stack<StreamedRequest> _idle = [];
    private readonly HashSet<StreamedRequest> _open = [];
    private readonly Queue<StreamedRequest> _inOrder = [];
    private readonly Queue<(StreamedRequest Request, InferenceResponse? Response)> _ready = [];

    // A signal: one waits, many set it, and setting it twice is setting it once.
    private readonly Channel<bool> _workSignal = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private readonly CancellationTokenSource _closing;
    private ProtocolStatus? _closed;
    private bool _isReadingDone;

    public InferStream(
        GrpcCall call, InferRequestReader reader, ObjectPool<ModelInferRequestDecoder> decoders, int maxConcurrentRequests)
    {
        _call = call;
        _reader = reader;
        _decoders = decoders;
        _failsOnError = call.Http.Request.Headers["triton_grpc_error"] == "true";
        _room = new SemaphoreSlim(maxConcurrentRequests);
        _closing = CancellationTokenSource.CreateLinkedTokenSource(call.Aborted);
    }

    private static ProtocolStatus DeadlinePassed { get; } = new(
        504, GrpcCode.DeadlineExceeded, "Deadline exceeded: the call's grpc-timeout passed before the stream ended.");

    // Nobody reads this one.
    private static ProtocolStatus Gone { get; } = new(499, GrpcCode.Cancelled, "The stream was cancelled by the client.");

    private static ProtocolStatus Stopping { get; } = ProtocolStatus.Unavailable(
        "GRPC server is shutting down and has stopped accepting new requests.");

    /// <summary>Serves the stream to its end.</summary>
    public async ValueTask<ProtocolStatus> RunAsync(TimeProvider time)
    {
        await _call.StartStreamingAsync();
        await using var deadline = StartDeadline(time);
        await using var gone = _call.Aborted.UnsafeRegister(static stream => ((InferStream)stream!).Close(Gone), this);
        var writing = WriteAllAsync();
        var status = await ReadAllAsync();
        lock (_lock)
        {
            _isReadingDone = true;
        }

        _workSignal.Writer.TryWrite(true);
        await writing;
        lock (_lock)
        {
            return _closed ?? status;
        }
    }

    /// <summary>Takes a response of a decoupled model for writing. Called by the engine.</summary>
    public bool TryTake(StreamedRequest request, InferenceResponse response)
    {
        lock (_lock)
        {
            if (_closed is not null)
            {
                // Nobody will read it.
                response.Release();
                return true;
            }

            if (request.UndeliveredCount == MaxUndelivered)
            {
                request.IsHeldBack = true;
                return false;
            }

            request.UndeliveredCount++;
            _ready.Enqueue((request, response));
        }

        _workSignal.Writer.TryWrite(true);
        return true;
    }

    /// <summary>Notes how a request ended. Called by the engine, or in its stead for one that it never saw.</summary>
    public void End(StreamedRequest request, in ProtocolStatus status)
    {
        lock (_lock)
        {
            request.Status = status;
            request.IsEnded = true;
            if (request.IsDecoupled)
            {
                // Behind its responses, which are in the queue already.
                _ready.Enqueue((request, null));
            }
            else
            {
                while (_inOrder.TryPeek(out var first) && first.IsEnded)
                {
                    _ready.Enqueue((_inOrder.Dequeue(), null));
                }
            }
        }

        _workSignal.Writer.TryWrite(true);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _closing.Dispose();
        _room.Dispose();
    }

    // Ends the stream before its time: requests in flight are given up, and what waits to be written is dropped.
    private void Close(ProtocolStatus status)
    {
        lock (_lock)
        {
            if (_closed is not null)
            {
                return;
            }

            _closed = status;
            foreach (var request in _open)
            {
                request.Request?.Cancel();
            }
        }

        _closing.Cancel();
        _workSignal.Writer.TryWrite(true);
    }

    private ITimer? StartDeadline(TimeProvider time)
    {
        if (_call.Timeout is null)
        {
            return null;
        }

        var left = _call.TimeLeft;
        return time.CreateTimer(
            static stream => ((InferStream)stream!).Close(DeadlinePassed),
            this,
            left > TimeSpan.Zero ? left : TimeSpan.Zero,
            Timeout.InfiniteTimeSpan);
    }

    private async Task<ProtocolStatus> ReadAllAsync()
    {
        using var stopReading = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token, _call.Stopping);
        try
        {
            while (true)
            {
                await _room.WaitAsync(stopReading.Token);
                var next = await _call.Requests.NextAsync(_reader.Limit, stopReading.Token);
                if (next == GrpcRead.EndOfStream)
                {
                    return ProtocolStatus.Ok;
                }

                if (next == GrpcRead.Failed)
                {
                    Close(_call.Requests.Fault);
                    return _call.Requests.Fault;
                }

                var status = await ReadOneAsync(stopReading.Token);
                if (!status.IsOk)
                {
                    Close(status);
                    return status;
                }
            }
        }
        catch (OperationCanceledException) when (_call.Stopping.IsCancellationRequested)
        {
            // What runs is answered; nothing new is taken.
            return Stopping;
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            Close(Gone);
            return Gone;
        }
    }

    // Reads a request and starts it. A failure is the stream's: what comes behind cannot be read.
    private async Task<ProtocolStatus> ReadOneAsync(CancellationToken cancellationToken)
    {
        var request = Open();
        var isStarted = false;
        try
        {
            var status = await _reader.ReadAsync(_call, request.Decoder, cancellationToken);
            if (!_call.Requests.Fault.IsOk || status.Grpc == GrpcCode.Internal)
            {
                return status;
            }

            isStarted = true;
            Start(request, status);
            return ProtocolStatus.Ok;
        }
        finally
        {
            if (!isStarted)
            {
                Complete(request);
            }
        }
    }

    private StreamedRequest Open()
    {
        var decoder = _decoders.Get();
        lock (_lock)
        {
            if (_idle.TryPop(out var request))
            {
                request.Decoder = decoder;
            }
            else
            {
                request = new StreamedRequest(this) { Decoder = decoder };
            }

            _open.Add(request);
            return request;
        }
    }

    private void Start(StreamedRequest request, ProtocolStatus status)
    {
        InferenceRequest? inference = null;
        if (status.IsOk)
        {
            status = _reader.Bind(_call, request.Decoder, isStreamed: true, out inference, out var wantsEmptyFinalResponse);
            request.WantsEmptyFinalResponse = wantsEmptyFinalResponse;
        }

        request.IsDecoupled = inference is { Model.IsDecoupled: true };
        lock (_lock)
        {
            request.Request = inference;
            if (!request.IsDecoupled)
            {
                _inOrder.Enqueue(request);
            }
        }

        if (inference is null)
        {
            End(request, status);
            return;
        }

        inference.Sink = request.IsDecoupled ? request : null;
        request.Run(inference);
        lock (_lock)
        {
            // A request cannot be cancelled before it runs; whoever closed the stream meanwhile could not do it.
            if (_closed is not null)
            {
                request.Request?.Cancel();
            }
        }
    }

    private void Complete(StreamedRequest request)
    {
        InferenceRequest? inference;
        lock (_lock)
        {
            inference = request.Request;
            request.Request = null;
            _open.Remove(request);
        }

        inference?.Dispose();
        _decoders.Return(request.Decoder);
        request.Reset();
        lock (_lock)
        {
            _idle.Push(request);
        }

        _room.Release();
    }
}
