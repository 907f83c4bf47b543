using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Bedplate.Protocols.OpenInference.Rest;

/// <summary>
/// A request can be refused while its body is still being sent. A connection that is closed on bytes nobody has read is
/// reset, and the client finds the reset instead of the answer. Kestrel therefore reads on after an answer, for five
/// seconds and up to its bound on bodies. That bound is set beyond the protocol's own, so that a client which misjudged
/// how much it may send is told so.
/// </summary>
internal static class RefusedBody
{
    // A few times the default bound. Nothing of it is kept, and a client can have as much read by requests that are
    // not refused.
    private const long MostDroppedBytes = 256L << 20;

    /// <summary>Tells the host how much to read of a body of which at most <paramref name="most"/> bytes are taken.</summary>
    public static void Allow(HttpContext context, long most)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = most > long.MaxValue - MostDroppedBytes ? null : most + MostDroppedBytes;
        }
    }

    /// <summary>
    /// Says that the connection will be closed where more of the body is left than is read. The host decides that after
    /// the answer, so it falls to us to say so in it; a client that is not told would send its next request into the close.
    /// </summary>
    public static void AnnounceClose(HttpContext context, in ProtocolStatus status)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is not { MaxRequestBodySize: { } most })
        {
            return;
        }

        // Of a body in chunks nobody knows how much is left.
        var isLeft = context.Request.ContentLength is { } length ? length > most : status.Http == StatusCodes.Status413PayloadTooLarge;
        if (isLeft && (HttpProtocol.IsHttp11(context.Request.Protocol) || HttpProtocol.IsHttp10(context.Request.Protocol)))
        {
            context.Response.Headers.Connection = "close";
        }
    }
}
