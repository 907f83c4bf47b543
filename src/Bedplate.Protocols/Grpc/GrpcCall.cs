using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Bedplate.Protocols.Grpc;

/// <summary>One call on its way through a method: its request stream, its response stream, its time. Pooled.</summary>
internal sealed class GrpcCall
{
    /// <summary>The content type of every response.</summary>
    public const string ContentType = "application/grpc";

    private HttpContext? _http;
    private TimeProvider _time = TimeProvider.System;
    private long _arrivedAt;
    private bool _hasOutput;

    /// <summary>The HTTP request that carries the call.</summary>
    public HttpContext Http => _http!;

    /// <summary>The messages the client sends.</summary>
    public GrpcMessageReader Requests { get; } = new();

    /// <summary>How response messages may be compressed: as the request was, if the client reads that.</summary>
    public GrpcEncoding ResponseEncoding { get; private set; }

    /// <summary>What grpc-timeout said; null without it.</summary>
    public TimeSpan? Timeout { get; private set; }

    /// <summary>Signals that the client has gone or reset the stream.</summary>
    public CancellationToken Aborted => Http.RequestAborted;

    /// <summary>Signals that the server stops: what would go on for as long as the client likes has to end.</summary>
    public CancellationToken Stopping { get; private set; }

    /// <summary>
    /// Where response messages go. Whoever asks for it writes at least one: from here on the status can only come
    /// behind, as a trailer.
    /// </summary>
    public PipeWriter Output
    {
        get
        {
            _hasOutput = true;
            return Http.Response.BodyWriter;
        }
    }

    /// <summary>How much of <see cref="Timeout"/> is left, counted from the arrival of the headers; zero or less when it has passed.</summary>
    public TimeSpan TimeLeft
    {
        get
        {
            Debug.Assert(Timeout is not null, "There is no timeout.");
            return Timeout.Value - _time.GetElapsedTime(_arrivedAt);
        }
    }

    /// <summary>Begins a call. Afterwards the response's headers are set, and nothing is written.</summary>
    public void Start(HttpContext http, GrpcEncoding requestEncoding, TimeSpan? timeout, TimeProvider time, CancellationToken stopping)
    {
        _http = http;
        _time = time;
        Stopping = stopping;
        Timeout = timeout;
        if (timeout is not null)
        {
            _arrivedAt = time.GetTimestamp();
        }

        Requests.Start(http.Request.BodyReader, requestEncoding);
        var headers = http.Response.Headers;
        headers.ContentType = ContentType;
        if (requestEncoding != GrpcEncoding.Identity && GrpcEncodings.IsAccepted(http.Request.Headers.GrpcAcceptEncoding, requestEncoding))
        {
            ResponseEncoding = requestEncoding;
            headers.GrpcEncoding = GrpcEncodings.NameOf(requestEncoding);
            headers.GrpcAcceptEncoding = GrpcEncodings.Accepted;
        }
    }

    /// <summary>
    /// Prepares for a stream that may be idle for long: its headers are sent, and it is not held to the lowest rate at
    /// which a request's body must arrive, which guards calls of one message against clients that dribble.
    /// </summary>
    public Task StartStreamingAsync()
    {
        var rate = Http.Features.Get<Microsoft.AspNetCore.Server.Kestrel.Core.Features.IHttpMinRequestBodyDataRateFeature>();
        if (rate is not null)
        {
            rate.MinDataRate = null;
        }

        _hasOutput = true;
        return Http.Response.StartAsync(Aborted);
    }

    /// <summary>
    /// Writes the status: as headers when it is all there is to the response (Trailers-Only in gRPC's words),
    /// otherwise as trailers.
    /// </summary>
    public void Finish(in ProtocolStatus status)
    {
        if (status.IsOk)
        {
            Trailers.GrpcStatus = "0";
            return;
        }

        WriteFailure(status);
    }

    /// <summary>Lets go of the request.</summary>
    public void Reset()
    {
        Requests.Reset();
        _http = null;
        _hasOutput = false;
        ResponseEncoding = GrpcEncoding.Identity;
        Timeout = null;
        Stopping = default;
    }

    private IHeaderDictionary Trailers =>
        Http.Features.Get<IHttpResponseTrailersFeature>()?.Trailers
        ?? throw new InvalidOperationException("The connection does not carry trailers, without which there is no gRPC.");

    private void WriteFailure(in ProtocolStatus status)
    {
        var target = _hasOutput || Http.Response.HasStarted ? Trailers : Http.Response.Headers;
        target.GrpcStatus = ((int)status.Grpc).ToString(CultureInfo.InvariantCulture);
        target.GrpcMessage = GrpcStatusMessage.Encode(status.Message);
        if (status.RetryAfter > TimeSpan.Zero)
        {
            // Retry design (grpc/proposal, A6): clients with a retry policy wait this long before they try again.
            target["grpc-retry-pushback-ms"] =
                ((long)Math.Ceiling(status.RetryAfter.TotalMilliseconds)).ToString(CultureInfo.InvariantCulture);
        }
    }
}
