using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Bedplate.Server.Hosting;

/// <summary>The port of the metrics: a scraper or two, and nothing that has a body.</summary>
internal static class MetricsPort
{
    private const int MaxConnections = 64;

    public static void Configure(KestrelServerOptions kestrel, IPAddress address, ServerOptions options)
    {
        kestrel.Limits.MaxConcurrentConnections = MaxConnections;
        kestrel.Limits.MaxRequestBodySize = 0;
        kestrel.Listen(address, options.MetricsPort, endpoint => endpoint.Protocols = HttpProtocols.Http1);
    }
}
