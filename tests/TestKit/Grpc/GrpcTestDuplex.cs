using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using Bedplate.Protocols;
using Google.Protobuf;

namespace Bedplate.Tests.TestKit.Grpc;

/// <summary>A call that streams in both directions.</summary>
public sealed class GrpcTestDuplex : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly RequestContent _requests;
    private readonly HttpResponseMessage _response;
    private readonly Stream _responses;

    internal GrpcTestDuplex(RequestContent requests, HttpResponseMessage response, Stream responses)
    {
        _requests = requests;
        _response = response;
        _responses = responses;
    }

    /// <summary>The status, once the responses have ended.</summary>
    public GrpcCode? Status => _response.TrailingHeaders.TryGetValues("grpc-status", out var values)
        ? (GrpcCode)byte.Parse(values.Single(), CultureInfo.InvariantCulture)
        : null;

    /// <summary>The status message, once the responses have ended.</summary>
    public string Message => _response.TrailingHeaders.TryGetValues("grpc-message", out var values)
        ? Uri.UnescapeDataString(values.Single())
        : "";

    /// <summary>Sends a message.</summary>
    public Task SendAsync(IMessage message) => SendAsync(GrpcFrame.Of(message));

    /// <summary>Sends bytes.</summary>
    public async Task SendAsync(byte[] bytes)
    {
        var stream = await _requests.Stream.WaitAsync(Patience);
        await stream.WriteAsync(bytes).AsTask().WaitAsync(Patience);
        await stream.FlushAsync().WaitAsync(Patience);
    }

    /// <summary>Says that no further request comes.</summary>
    public void EndRequests() => _requests.End();

    /// <summary>Reads the next message; the default at the end.</summary>
    public async Task<TResponse?> ReadAsync<TResponse>()
        where TResponse : IMessage<TResponse>, new()
    {
        using var patience = new CancellationTokenSource(Patience);
        var prefix = new byte[5];
        var read = await _responses.ReadAtLeastAsync(prefix, 5, throwOnEndOfStream: false, patience.Token);
        if (read == 0)
        {
            return default;
        }

        var content = new byte[BinaryPrimitives.ReadUInt32BigEndian(prefix.AsSpan(1))];
        await _responses.ReadExactlyAsync(content, patience.Token);
        return new MessageParser<TResponse>(() => new TResponse()).ParseFrom(content);
    }

    /// <summary>Resets the stream.</summary>
    public void Dispose()
    {
        _requests.End();
        _response.Dispose();
    }

    /// <summary>A request body that is written while the response is read.</summary>
    internal sealed class RequestContent : HttpContent
    {
        private readonly TaskCompletionSource<Stream> _stream = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Stream> Stream => _stream.Task;

        public void End() => _end.TrySetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.FlushAsync();
            _stream.SetResult(stream);
            await _end.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
