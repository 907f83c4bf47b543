using Bedplate.Bench.Measurement;

namespace Bedplate.Bench.Clients.Http2;

/// <summary>One request and its response on a connection; what they mean is the derived class's. Reused.</summary>
internal abstract class Http2Stream : IHeaderSink
{
    /// <summary>The connection's number for it; 0 while it has none.</summary>
    public int Id { get; set; }

    /// <summary>Who sends it; null when nothing is to be sent any more.</summary>
    public Http2Sender? Sender { get; set; }

    /// <summary>What is left of the request's body.</summary>
    public ReadOnlyMemory<byte> Unsent { get; set; }

    /// <summary>Bytes that the server lets this stream send; negative after it reduced its initial window.</summary>
    public long SendWindow { get; set; }

    /// <inheritdoc/>
    public abstract void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value);

    /// <summary>Bytes of the response's body.</summary>
    public abstract void OnData(ReadOnlySpan<byte> data);

    /// <summary>The response is complete; the connection has forgotten the stream.</summary>
    public abstract void OnComplete();

    /// <summary>There will be no response; the connection has forgotten the stream.</summary>
    public abstract void OnBroken(OutcomeKind kind, string cause, int code = 0);
}
