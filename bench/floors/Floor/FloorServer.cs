using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Bedplate.Bench.Floor;

/// <summary>
/// Kestrel and nothing else: no host, no middleware, no logging, no HttpContext. An application gets each request as
/// the features that Kestrel's own request object implements.
/// </summary>
public static class FloorServer
{
    /// <summary>Bytes of a large answer that are handed to Kestrel before waiting for the socket.</summary>
    public const int PieceLength = 256 << 10;

    // Room for a few pieces, so that the next is copied while the last is sent.
    private const int ResponseBufferLength = 4 * PieceLength;

    /// <summary>Serves on the loopback interface until standard input ends; says where on standard output.</summary>
    public static async Task RunAsync(
        int port, FloorTransport transport, HttpProtocols protocols, IHttpApplication<IFeatureCollection> application)
    {
        var options = new KestrelServerOptions { AddServerHeader = false };
        options.Limits.MaxRequestBodySize = null;
        options.Limits.MinRequestBodyDataRate = null;
        options.Limits.MinResponseDataRate = null;
        options.Limits.MaxResponseBufferSize = ResponseBufferLength;
        options.Listen(IPAddress.Loopback, port, endpoint => endpoint.Protocols = protocols);
        await using var services = CreateSockets(transport);
        var sockets = services.Services.GetRequiredService<IConnectionListenerFactory>();
        using var kestrel = new KestrelServer(Options.Create(options), sockets, NullLoggerFactory.Instance);
        await kestrel.StartAsync(application, CancellationToken.None);
        await Console.Out.WriteLineAsync(kestrel.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First());
        await Console.Out.FlushAsync();
        while (await Console.In.ReadLineAsync() is not null)
        {
        }

        await kestrel.StopAsync(CancellationToken.None);
    }

    // The transport takes a memory pool from services only. The application they belong to is never started.
    private static WebApplication CreateSockets(FloorTransport transport)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>>(new BlockPool());
        builder.Services.Configure((SocketTransportOptions sockets) => transport.Apply(sockets));
        return builder.Build();
    }
}
