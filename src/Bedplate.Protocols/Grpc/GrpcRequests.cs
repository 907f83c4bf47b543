using Google.Protobuf;

namespace Bedplate.Protocols.Grpc;

/// <summary>Reading request messages of any type: for everything that is not hot.</summary>
internal static class GrpcRequests
{
    /// <summary>The status of a call without a message (grpc/grpc, doc/statuscodes.md: cardinality violation).</summary>
    public static ProtocolStatus Missing { get; } = ProtocolStatus.Unsupported(
        "The method takes exactly one request message, and the request stream ended without one.");

    /// <summary>The status of a call with more than one message.</summary>
    public static ProtocolStatus Several { get; } = ProtocolStatus.Unsupported(
        "The method takes exactly one request message, and the request stream holds a second one.");

    /// <summary>Reads the one message and the end of the stream; without a message, with the status to answer.</summary>
    public static async ValueTask<(TRequest? Request, ProtocolStatus Fault)> ReadSingleAsync<TRequest>(
        GrpcCall call, MessageParser<TRequest> parser, GrpcMessageLimit limit, CancellationToken cancellationToken)
        where TRequest : class, IMessage<TRequest>
    {
        var (request, fault) = await ReadNextAsync(call, parser, limit, cancellationToken);
        if (request is null)
        {
            return (null, fault.IsOk ? Missing : fault);
        }

        return await call.Requests.NextAsync(limit, cancellationToken) switch
        {
            GrpcRead.EndOfStream => (request, default),
            GrpcRead.Message => (null, Several),
            _ => (null, call.Requests.Fault),
        };
    }

    /// <summary>Reads the next message of a stream; null at its end, and with a fault when there is no reading it.</summary>
    public static async ValueTask<(TRequest? Request, ProtocolStatus Fault)> ReadNextAsync<TRequest>(
        GrpcCall call, MessageParser<TRequest> parser, GrpcMessageLimit limit, CancellationToken cancellationToken)
        where TRequest : class, IMessage<TRequest>
    {
        var requests = call.Requests;
        switch (await requests.NextAsync(limit, cancellationToken))
        {
            case GrpcRead.EndOfStream:
                return (null, ProtocolStatus.Ok);
            case GrpcRead.Failed:
                return (null, requests.Fault);
        }

        if (!await requests.BufferContentAsync(cancellationToken))
        {
            return (null, requests.Fault);
        }

        try
        {
            var request = parser.ParseFrom(requests.Content);
            requests.Consume(requests.Content.End);
            return (request, default);
        }
        catch (InvalidProtocolBufferException exception)
        {
            return (null, ProtocolStatus.Internal($"The request could not be read: {exception.Message}"));
        }
    }
}
