using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Bedplate.Tests.TestKit.Server;

/// <summary>
/// A call without a connection around it: the request's body is there as a whole each time it is read, the response's
/// goes nowhere. Reading and writing cost next to nothing and allocate nothing, so that what does is the server's.
/// </summary>
public sealed class InMemoryExchange
{
    private readonly RepeatedBody _body;
    private readonly DiscardedResponse _response = new();

    private InMemoryExchange(string protocol, string path, byte[] body)
    {
        _body = new RepeatedBody(body);
        var request = new HttpRequestFeature { Method = HttpMethods.Post, Path = path, Protocol = protocol };
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(request);
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpResponseBodyFeature>(_response);
        features.Set<IHttpResponseTrailersFeature>(new TrailersFeature());
        features.Set<IRequestBodyPipeFeature>(_body);
        Context = new DefaultHttpContext(features);
    }

    /// <summary>The request and its response.</summary>
    public HttpContext Context { get; }

    /// <summary>The status that ended the last call.</summary>
    public string? Status => Context.Features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers.GrpcStatus;

    /// <summary>Bytes written by the last call.</summary>
    public long Written => _response.Written;

    /// <summary>A gRPC call of a method.</summary>
    public static InMemoryExchange Grpc(string path, byte[] frame)
    {
        var exchange = new InMemoryExchange(HttpProtocol.Http2, path, frame);
        exchange.Context.Request.ContentType = "application/grpc";
        return exchange;
    }

    /// <summary>A POST over HTTP/1.1, with whatever headers it has beside its length.</summary>
    public static InMemoryExchange Post(string path, byte[] body, params IEnumerable<KeyValuePair<string, string>> headers)
    {
        var exchange = new InMemoryExchange(HttpProtocol.Http11, path, body);
        exchange.Context.Request.ContentLength = body.Length;
        foreach (var (name, value) in headers)
        {
            exchange.Context.Request.Headers[name] = value;
        }

        return exchange;
    }

    /// <summary>Makes the body readable again, and forgets the last answer.</summary>
    public void Rewind()
    {
        _body.Rewind();
        Context.Response.Headers.Clear();
        _response.Written = 0;
    }

    private sealed class RepeatedBody(byte[] bytes) : PipeReader, IRequestBodyPipeFeature
    {
        private ReadOnlySequence<byte> _left = new(bytes);

        public PipeReader Reader => this;

        public void Rewind() => _left = new ReadOnlySequence<byte>(bytes);

        public override bool TryRead(out ReadResult result)
        {
            result = new ReadResult(_left, isCanceled: false, isCompleted: true);
            return true;
        }

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
            ValueTask.FromResult(new ReadResult(_left, isCanceled: false, isCompleted: true));

        public override void AdvanceTo(SequencePosition consumed) => _left = _left.Slice(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => AdvanceTo(consumed);

        public override void CancelPendingRead()
        {
            // Reads never wait.
        }

        public override void Complete(Exception? exception = null)
        {
            // Holds nothing.
        }
    }

    private sealed class DiscardedResponse : PipeWriter, IHttpResponseBodyFeature
    {
        private byte[] _block = new byte[4096];

        public long Written { get; set; }

        public PipeWriter Writer => this;

        public Stream Stream => throw new NotSupportedException();

        public override void Advance(int bytes) => Written += bytes;

        public override Memory<byte> GetMemory(int sizeHint = 0)
        {
            if (sizeHint > _block.Length)
            {
                _block = new byte[sizeHint];
            }

            return _block;
        }

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => default;

        public override void CancelPendingFlush()
        {
            // Flushes never wait.
        }

        public override void Complete(Exception? exception = null)
        {
            // Holds nothing.
        }

        public Task CompleteAsync() => Task.CompletedTask;

        public void DisableBuffering()
        {
            // Nothing is buffered.
        }

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;
    }

    private sealed class TrailersFeature : IHttpResponseTrailersFeature
    {
        public IHeaderDictionary Trailers { get; set; } = new HeaderDictionary();
    }
}
