using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using Bedplate.Protocols;
using Google.Protobuf;

namespace Bedplate.Tests.TestKit.Grpc;

/// <summary>The whole response to a call.</summary>
public sealed class GrpcTestResult
{
    private readonly List<(byte Flag, byte[] Content)> _messages = [];

    internal GrpcTestResult(HttpResponseMessage response, byte[] body)
    {
        HttpStatus = response.StatusCode;
        ContentType = response.Content.Headers.ContentType?.ToString();
        Encoding = ValueOf(response.Headers, "grpc-encoding");
        AcceptEncoding = ValueOf(response.Headers, "grpc-accept-encoding");
        Text = System.Text.Encoding.UTF8.GetString(body);
        IsTrailersOnly = response.Headers.Contains("grpc-status");
        var trailers = IsTrailersOnly ? response.Headers : response.TrailingHeaders;
        if (ValueOf(trailers, "grpc-status") is { } status)
        {
            Status = (GrpcCode)byte.Parse(status, CultureInfo.InvariantCulture);
        }

        Message = Uri.UnescapeDataString(ValueOf(trailers, "grpc-message") ?? "");
        RetryPushback = ValueOf(trailers, "grpc-retry-pushback-ms");
        var rest = body.AsSpan();
        while (Status is not null && rest.Length >= 5)
        {
            var length = (int)BinaryPrimitives.ReadUInt32BigEndian(rest[1..]);
            _messages.Add((rest[0], rest.Slice(5, length).ToArray()));
            rest = rest[(5 + length)..];
        }
    }

    /// <summary>The HTTP status.</summary>
    public HttpStatusCode HttpStatus { get; }

    /// <summary>The content type.</summary>
    public string? ContentType { get; }

    /// <summary>The grpc-encoding header.</summary>
    public string? Encoding { get; }

    /// <summary>The grpc-accept-encoding header.</summary>
    public string? AcceptEncoding { get; }

    /// <summary>Whether the status came as headers.</summary>
    public bool IsTrailersOnly { get; }

    /// <summary>The gRPC status; null when there is none.</summary>
    public GrpcCode? Status { get; }

    /// <summary>The status message, decoded.</summary>
    public string Message { get; }

    /// <summary>When to retry, in milliseconds; null when it is not said.</summary>
    public string? RetryPushback { get; }

    /// <summary>The body as text, for responses that are no gRPC.</summary>
    public string Text { get; }

    /// <summary>The response messages with their compressed flags.</summary>
    public IReadOnlyList<(byte Flag, byte[] Content)> Messages => _messages;

    /// <summary>The one message of a call that succeeded.</summary>
    public TResponse Single<TResponse>()
        where TResponse : IMessage<TResponse>, new()
    {
        if (Status != GrpcCode.Ok || _messages.Count != 1)
        {
            throw new InvalidOperationException($"Not one message and OK: {HttpStatus}, {Status} {Message}, {_messages.Count} message(s).");
        }

        var (flag, content) = _messages[0];
        return new MessageParser<TResponse>(() => new TResponse()).ParseFrom(flag == 0 ? content : GrpcFrame.Decompress(content, Encoding!));
    }

    /// <inheritdoc/>
    public override string ToString() => $"HTTP {(int)HttpStatus}, {Status}: {Message}";

    private static string? ValueOf(System.Net.Http.Headers.HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out var values) ? string.Join(',', values) : null;
}
