using System.Net;
using Bedplate.Protocols.OpenInference;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Bedplate.Server.Hosting;

/// <summary>The port of gRPC: HTTP/2 without TLS, by prior knowledge, as gRPC clients do it.</summary>
internal static class GrpcPort
{
    public static void Configure(KestrelServerOptions kestrel, IPAddress address, ServerOptions options)
    {
        kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Listen(address, options.GrpcPort, endpoint => endpoint.Protocols = HttpProtocols.Http2);
    }

    public static RequestDelegate Handler(OpenInferenceService service)
    {
        return context => Task.CompletedTask;
    }
}
