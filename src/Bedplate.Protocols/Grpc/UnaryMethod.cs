using System.Buffers;
using Google.Protobuf;

namespace Bedplate.Protocols.Grpc;

/// <summary>What a unary method answers: a message, or the status of its failure.</summary>
internal readonly struct UnaryResult<TResponse>
    where TResponse : class, IMessage<TResponse>
{
    private UnaryResult(TResponse? response, in ProtocolStatus status)
    {
        Response = response;
        Status = status;
    }

    /// <summary>The answer; null on failure.</summary>
    public TResponse? Response { get; }

    /// <summary>OK with an answer.</summary>
    public ProtocolStatus Status { get; }

    public static implicit operator UnaryResult<TResponse>(TResponse response) => new(response, ProtocolStatus.Ok);

    public static implicit operator UnaryResult<TResponse>(ProtocolStatus failure) => new(null, failure);
}

/// <summary>A method of one request and one response, for everything that is not hot.</summary>
internal sealed class UnaryMethod<TRequest, TResponse>(
    string service,
    string name,
    MessageParser<TRequest> parser,
    Func<TRequest, CancellationToken, ValueTask<UnaryResult<TResponse>>> handler,
    GrpcMessageLimit? limit = null) : GrpcMethod(service, name)
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    private readonly GrpcMessageLimit _limit = limit ?? GrpcMessageLimit.Default;

    /// <summary>A method that answers without waiting for anything.</summary>
    public UnaryMethod(
        string service, string name, MessageParser<TRequest> parser, Func<TRequest, UnaryResult<TResponse>> handler)
        : this(service, name, parser, (request, _) => ValueTask.FromResult(handler(request)))
    {
    }

    /// <inheritdoc/>
    public override async ValueTask<ProtocolStatus> InvokeAsync(GrpcCall call)
    {
        var (request, fault) = await GrpcRequests.ReadSingleAsync(call, parser, _limit, call.Aborted);
        if (request is null)
        {
            return fault;
        }

        var result = await handler(request, call.Aborted);
        if (result.Response is not null)
        {
            await GrpcMessageWriter.WriteAsync(call, result.Response, call.Aborted);
        }

        return result.Status;
    }
}
