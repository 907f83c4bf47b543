using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.ObjectPool;

namespace Bedplate.Protocols.Grpc;

/// <summary>
/// Takes HTTP/2 requests to the methods of gRPC services: checks what makes a request a gRPC call, finds the method by
/// its path, and ends the call with the method's status.
/// </summary>
internal sealed partial class GrpcDispatcher
{
    // Calls kept for reuse; more than this at one time are allocated.
    private const int MaxPooledCalls = 256;

    // A timeout that is longer is none: nobody waits for it, and timers and timestamps could not count it.
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromDays(30);

    private readonly FrozenDictionary<string, GrpcMethod> _methods;
    private readonly FrozenSet<string> _services;
    private readonly DefaultObjectPool<GrpcCall> _calls = new(new CallPolicy(), MaxPooledCalls);
    private readonly TimeProvider _time;
    private readonly CancellationToken _stopping;
    private readonly ILogger _logger;

    public GrpcDispatcher(IEnumerable<GrpcMethod> methods, TimeProvider time, ILogger logger, CancellationToken stopping)
    {
        _methods = methods.ToFrozenDictionary(method => method.Path, StringComparer.Ordinal);
        _services = _methods.Keys.Select(path => path[1..path.LastIndexOf('/')]).ToFrozenSet(StringComparer.Ordinal);
        _time = time;
        _logger = logger;
        _stopping = stopping;
    }

    /// <summary>Serves one request to its end. Never throws for what a client does.</summary>
    public Task InvokeAsync(HttpContext http)
    {
        if (HttpProtocol.IsHttp11(http.Request.Protocol) || HttpProtocol.IsHttp10(http.Request.Protocol))
        {
            return RefuseAsync(http, StatusCodes.Status426UpgradeRequired, "gRPC is spoken over HTTP/2; this request came over HTTP/1.");
        }

        if (!IsGrpcContentType(http.Request.ContentType))
        {
            return RefuseAsync(
                http, StatusCodes.Status415UnsupportedMediaType,
                "This port speaks gRPC with protobuf messages: the content-type must be application/grpc or application/grpc+proto.");
        }

        if (!HttpMethods.IsPost(http.Request.Method))
        {
            return RefuseAsync(http, StatusCodes.Status405MethodNotAllowed, "gRPC calls are POST requests.");
        }

        // A message may be as large as its method allows, whatever the server's bound for bodies.
        var maxBody = http.Features.Get<IHttpMaxRequestBodySizeFeature>();
        if (maxBody is { IsReadOnly: false })
        {
            maxBody.MaxRequestBodySize = null;
        }

        var call = _calls.Get();
        var refusal = Open(http, call, out var method);
        if (method is not null)
        {
            return RunAsync(call, method);
        }

        call.Finish(refusal);
        _calls.Return(call);
        return Task.CompletedTask;
    }

    private ProtocolStatus Open(HttpContext http, GrpcCall call, out GrpcMethod? method)
    {
        var headers = http.Request.Headers;
        method = null;
        var path = http.Request.Path.Value ?? "";
        var timeoutHeader = headers.GrpcTimeout;
        var hasTimeout = timeoutHeader.Count > 0;
        var timeout = TimeSpan.Zero;
        ProtocolStatus refusal;
        if (!GrpcEncodings.TryParse(headers.GrpcEncoding, out var encoding))
        {
            http.Response.Headers.GrpcAcceptEncoding = GrpcEncodings.Accepted;
            refusal = ProtocolStatus.Unsupported(
                $"The message encoding '{headers.GrpcEncoding}' is not supported; use one of {GrpcEncodings.Accepted}.");
        }
        else if (hasTimeout && !GrpcTimeout.TryParse(timeoutHeader.ToString(), out timeout))
        {
            refusal = ProtocolStatus.Invalid(
                $"The grpc-timeout '{timeoutHeader}' cannot be read; it must be one to eight digits and a unit of H, M, S, m, u or n.");
        }
        else if (!_methods.TryGetValue(path, out method))
        {
            refusal = UnknownMethod(path);
        }
        else
        {
            refusal = default;
        }

        call.Start(http, encoding, hasTimeout && timeout <= LongestTimeout ? timeout : null, _time, _stopping);
        return refusal;
    }

    private ProtocolStatus UnknownMethod(string path)
    {
        var slash = path.LastIndexOf('/');
        var service = slash > 0 ? path[1..slash] : "";
        return ProtocolStatus.Unsupported(
            _services.Contains(service)
                ? $"The service '{service}' has no method '{path[(slash + 1)..]}'."
                : $"There is no service '{service}' here; there are {string.Join(", ", _services.Order(StringComparer.Ordinal))}.");
    }

    private async Task RunAsync(GrpcCall call, GrpcMethod method)
    {
        try
        {
            call.Finish(await method.InvokeAsync(call));
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The client is gone; there is nobody to tell.
            LogGone(method.Path);
        }
#pragma warning disable CA1031 // A bug in one call must not end the connection, which carries others.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogFailed(exception, method.Path);
            call.Finish(ProtocolStatus.Internal("The server failed to serve the call; its log says why."));
        }
        finally
        {
            _calls.Return(call);
        }
    }

    // Only protobuf is spoken; other formats name themselves behind a plus sign.
    private static bool IsGrpcContentType(string? contentType)
    {
        if (contentType is null || !contentType.StartsWith(GrpcCall.ContentType, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var rest = contentType.AsSpan(GrpcCall.ContentType.Length);
        if (rest.StartsWith("+proto", StringComparison.OrdinalIgnoreCase))
        {
            rest = rest["+proto".Length..];
        }

        return rest.IsEmpty || rest[0] is ';' or ' ';
    }

    private static Task RefuseAsync(HttpContext http, int status, string message)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/plain";
        if (status == StatusCodes.Status426UpgradeRequired)
        {
            http.Response.Headers.Upgrade = "h2c";
            http.Response.Headers.Connection = "Upgrade";
        }
        else if (status == StatusCodes.Status405MethodNotAllowed)
        {
            http.Response.Headers.Allow = HttpMethods.Post;
        }

        return http.Response.WriteAsync(message, http.RequestAborted);
    }

    private sealed class CallPolicy : IPooledObjectPolicy<GrpcCall>
    {
        public GrpcCall Create() => new();

        public bool Return(GrpcCall call)
        {
            call.Reset();
            return true;
        }
    }
}
