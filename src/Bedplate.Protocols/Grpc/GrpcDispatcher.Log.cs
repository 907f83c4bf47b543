using Microsoft.Extensions.Logging;

namespace Bedplate.Protocols.Grpc;

// Event ids of Bedplate.Protocols, gRPC: 3100–3199.
internal sealed partial class GrpcDispatcher
{
    [LoggerMessage(3100, LogLevel.Error, "Serving a call of {Path} failed.")]
    private partial void LogFailed(Exception exception, string path);

    [LoggerMessage(3101, LogLevel.Trace, "The client of a call of {Path} is gone.")]
    private partial void LogGone(string path);
}
