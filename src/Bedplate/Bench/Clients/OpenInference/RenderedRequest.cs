namespace Bedplate.Bench.Clients.OpenInference;

/// <summary>
/// An inference request as bytes, made once and sent many times. For HTTP it is the whole message, headers included;
/// for gRPC the length-prefixed protobuf message, as HTTP/2 framing differs from one stream to the next.
/// </summary>
/// <param name="Bytes">What goes to the socket, or into DATA frames.</param>
/// <param name="BodyStart">Where the HTTP body starts in <paramref name="Bytes"/>; 0 for gRPC.</param>
/// <param name="JsonLength">Bytes of the body's JSON part, when binary tensors follow it; −1 otherwise.</param>
internal sealed record RenderedRequest(ReadOnlyMemory<byte> Bytes, int BodyStart = 0, int JsonLength = -1)
{
    /// <summary>The HTTP body, or the length-prefixed message.</summary>
    public ReadOnlyMemory<byte> Body => Bytes[BodyStart..];
}
