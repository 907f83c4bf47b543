using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Bedplate.Tests.TestKit.OpenInference;

/// <summary>
/// A small server of the Open Inference Protocol over HTTP and gRPC that shares nothing with ours: it stands for other
/// people's servers, and can be told to do wrong.
/// </summary>
public sealed class EchoServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly EchoModel _model;
    private readonly Func<long, EchoFault> _faultOf;
    private readonly EchoStatistics _statistics = new();
    private long _requests;

    private EchoServer(EchoModel model, Func<long, EchoFault> faultOf, X509Certificate2? certificate)
    {
        _model = model;
        _faultOf = faultOf;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            foreach (var protocols in (HttpProtocols[])[HttpProtocols.Http1, HttpProtocols.Http2])
            {
                kestrel.Listen(IPAddress.Loopback, 0, listen =>
                {
                    listen.Protocols = protocols;
                    if (certificate is not null)
                    {
                        listen.UseHttps(certificate);
                    }
                });
            }
        });
        _app = builder.Build();
        _app.Run(HandleAsync);
    }

    /// <summary>Address for HTTP.</summary>
    public string Http => AddressOf(0);

    /// <summary>Address for gRPC.</summary>
    public string Grpc => AddressOf(1).Replace("http", "grpc", StringComparison.Ordinal);

    /// <summary>Inference requests received.</summary>
    public long Requests => Volatile.Read(ref _requests);

    /// <summary>The headers of the last inference request.</summary>
    public IReadOnlyDictionary<string, string>? LastHeaders { get; private set; }

    /// <summary>
    /// Starts a server on free loopback ports; <paramref name="faultOf"/> decides by the number of the request, from 0.
    /// </summary>
    public static async Task<EchoServer> StartAsync(
        EchoModel model, Func<long, EchoFault>? faultOf = null, X509Certificate2? certificate = null)
    {
        var server = new EchoServer(model, faultOf ?? (_ => EchoFault.None), certificate);
        await server._app.StartAsync();
        return server;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Requests that are kept waiting on purpose would be waited for.
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private string AddressOf(int index) =>
        _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.ElementAt(index);

    private Task HandleAsync(HttpContext context) => context.Request.Protocol == "HTTP/2" ? HandleGrpcAsync(context) : HandleRestAsync(context);

    private async Task HandleRestAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        var root = $"/v2/models/{_model.Name}";
        if (path == root)
        {
            await context.Response.WriteAsync(EchoJson.Metadata(_model));
        }
        else if (path == root + "/stats")
        {
            await context.Response.WriteAsync(_statistics.ToJson(_model.Name));
        }
        else if (path == root + "/infer")
        {
            var fault = await TakeAsync(context);
            if (fault == EchoFault.Busy)
            {
                context.Response.StatusCode = 503;
                await context.Response.WriteAsync("{\"error\":\"Exceeds maximum queue size\"}");
                return;
            }

            var body = await ReadBodyAsync(context);
            var headerLength = context.Request.Headers["Inference-Header-Content-Length"].ToString();
            var (answer, jsonLength) = EchoJson.Answer(
                _model, body, headerLength.Length == 0 ? null : int.Parse(headerLength, CultureInfo.InvariantCulture), fault == EchoFault.WrongAnswer);
            if (jsonLength is { } length)
            {
                context.Response.Headers["Inference-Header-Content-Length"] = length.ToString(CultureInfo.InvariantCulture);
            }

            _statistics.Count();
            await context.Response.Body.WriteAsync(answer, context.RequestAborted);
        }
        else
        {
            context.Response.StatusCode = 404;
            await context.Response.WriteAsync("{\"error\":\"Request for unknown model\"}");
        }
    }

    private async Task HandleGrpcAsync(HttpContext context)
    {
        context.Response.ContentType = "application/grpc";
        var body = await ReadBodyAsync(context);
        switch (context.Request.Path.Value)
        {
            case "/inference.GRPCInferenceService/ModelMetadata" when EchoMessages.ReadName(body) == _model.Name:
                await ReplyAsync(context, EchoMessages.Metadata(_model));
                break;
            case "/inference.GRPCInferenceService/ModelStatistics":
                await ReplyAsync(context, _statistics.ToMessage(_model.Name));
                break;
            case "/inference.GRPCInferenceService/ModelInfer":
                var fault = await TakeAsync(context);
                if (fault == EchoFault.Busy)
                {
                    Refuse(context, "14", "Exceeds maximum queue size%21");
                    return;
                }

                _statistics.Count();
                await ReplyAsync(context, EchoMessages.Answer(_model, body, fault == EchoFault.WrongAnswer));
                break;
            default:
                Refuse(context, "5", "unknown model");
                break;
        }
    }

    /// <summary>Counts a request and does to it what keeps it from being answered.</summary>
    private async Task<EchoFault> TakeAsync(HttpContext context)
    {
        LastHeaders = context.Request.Headers.ToDictionary(
            header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        var fault = _faultOf(Interlocked.Increment(ref _requests) - 1);
        if (fault == EchoFault.Disconnect)
        {
            context.Abort();
        }

        if (fault is EchoFault.Silence or EchoFault.Disconnect)
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        }

        return fault;
    }

    // Trailers alone, as a gRPC server sends them when there is no message.
    private static void Refuse(HttpContext context, string status, string message)
    {
        context.Response.Headers["grpc-status"] = status;
        context.Response.Headers["grpc-message"] = message;
    }

    private static async Task ReplyAsync(HttpContext context, byte[] message)
    {
        context.Response.AppendTrailer("grpc-status", "0");
        var prefix = new byte[5];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(prefix.AsSpan(1), message.Length);
        await context.Response.Body.WriteAsync(prefix, context.RequestAborted);
        await context.Response.Body.WriteAsync(message, context.RequestAborted);
    }

    private static async Task<byte[]> ReadBodyAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        return body.ToArray();
    }
}
