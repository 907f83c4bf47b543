using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace Bedplate.Protocols.OpenInference.Rest;

/// <summary>What it means that a body could not be read.</summary>
internal static class BodyFaults
{
    /// <summary>
    /// The client's fault if it broke HTTP or was too slow, and nobody's if the connection was lost: then there is
    /// nobody to tell.
    /// </summary>
    public static ProtocolStatus Of(HttpContext context, Exception exception) => exception switch
    {
        BadHttpRequestException request => new ProtocolStatus(request.StatusCode, GrpcCode.InvalidArgument, request.Message),
        OperationCanceledException or ConnectionResetException => Lost,
        _ when context.RequestAborted.IsCancellationRequested => Lost,
        _ => ProtocolStatus.Invalid($"The body cannot be read: {exception.Message}"),
    };

    private static ProtocolStatus Lost { get; } = new(
        StatusCodes.Status499ClientClosedRequest, GrpcCode.Cancelled, "The connection was lost while the body was read.");
}
