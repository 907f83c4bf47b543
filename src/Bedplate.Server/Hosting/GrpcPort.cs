using System.Net;
using Bedplate.Protocols.OpenInference.Grpc;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Bedplate.Server.Hosting;

/// <summary>The port of gRPC: HTTP/2 without TLS, by prior knowledge, as gRPC clients do it.</summary>
internal static class GrpcPort
{
    public static void Configure(KestrelServerOptions kestrel, IPAddress address, ServerOptions options)
    {
        kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;

        // The protocol bounds messages itself, after decompression and with the setting's name in its message.
        kestrel.Limits.MaxRequestBodySize = null;
        GrpcProtocol.ConfigureKestrel(kestrel.Limits);
        kestrel.Listen(address, options.GrpcPort, endpoint => endpoint.Protocols = HttpProtocols.Http2);
    }
}
