using System.Net;
using Bedplate.Protocols.OpenInference;
using Bedplate.Protocols.OpenInference.Rest;
using Bedplate.Server.Hosting.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Bedplate.Server.Hosting;

/// <summary>The port of HTTP: the Open Inference Protocol's REST binding, and nothing else yet.</summary>
internal static class HttpPort
{
    // Of a large answer, what waits in Kestrel for a slow reader: more than a socket takes at once, so that it never
    // runs dry, and little beside the answer itself.
    private const int ResponseBufferBytes = 512 << 10;

    public static void Configure(KestrelServerOptions kestrel, IPAddress address, ServerOptions options)
    {
        kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;

        // The protocol bounds bodies itself, after decompression and with the setting's name in its message.
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MaxResponseBufferSize = ResponseBufferBytes;
        kestrel.Listen(address, options.HttpPort, endpoint =>
        {
            endpoint.Protocols = HttpProtocols.Http1;
            endpoint.Use(TurnTakingReader.OnConnections);
        });
    }

    public static RequestDelegate Handler(OpenInferenceService service)
    {
        var rest = new RestProtocol(service);
        return context => rest.TryHandle(context) ?? NotFoundAsync(context);
    }

    private static Task NotFoundAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
