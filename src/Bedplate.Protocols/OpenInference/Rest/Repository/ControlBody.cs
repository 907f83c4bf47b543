using System.Buffers;
using Bedplate.Protocols.OpenInference.Configuration.Messages;
using Bedplate.Protocols.OpenInference.Rest.Compression;
using Microsoft.AspNetCore.Http;

namespace Bedplate.Protocols.OpenInference.Rest.Repository;

/// <summary>The whole body of a request that controls something, or why it was not taken.</summary>
/// <param name="Status">Success, or the status to answer.</param>
/// <param name="Content">The body; writable, as files in it are decoded where they lie.</param>
internal readonly record struct ControlBody(ProtocolStatus Status, Memory<byte> Content)
{
    private const int FirstCapacity = 16 << 10;

    // What is announced is believed this far; beyond it memory follows what has arrived.
    private const long TrustedLength = 1 << 20;

    /// <summary>Reads a body of at most <paramref name="limit"/> bytes; a larger one is answered with <paramref name="tooLarge"/>.</summary>
    public static async Task<ControlBody> ReadAsync(HttpContext context, int limit, ProtocolStatus tooLarge)
    {
        var request = context.Request;
        if (!ContentCodings.TryParse(request.Headers.ContentEncoding, out var coding) || coding != ContentCoding.Identity)
        {
            return Refused(ProtocolStatus.Unsupported(
                $"Unsupported compression type '{Excerpt.Of(request.Headers.ContentEncoding.ToString())}'; send this request uncompressed"));
        }

        RefusedBody.Allow(context, limit);
        if (request.ContentLength > limit)
        {
            return Refused(tooLarge);
        }

        try
        {
            return await ReadAsync(request, limit, tooLarge);
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return Refused(tooLarge);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            return Refused(BodyFaults.Of(context, exception));
        }
    }

    private static async Task<ControlBody> ReadAsync(HttpRequest request, int limit, ProtocolStatus tooLarge)
    {
        var content = new byte[(int)Math.Min(request.ContentLength ?? FirstCapacity, TrustedLength)];
        var length = 0;
        while (true)
        {
            var result = await request.BodyReader.ReadAsync();
            var needed = length + result.Buffer.Length;
            if (needed > limit)
            {
                request.BodyReader.AdvanceTo(result.Buffer.Start);
                return Refused(tooLarge);
            }

            if (needed > content.Length)
            {
                Array.Resize(ref content, (int)Math.Min(limit, Math.Max(needed, 2L * content.Length)));
            }

            result.Buffer.CopyTo(content.AsSpan(length));
            length = (int)needed;
            request.BodyReader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return new ControlBody(ProtocolStatus.Ok, content.AsMemory(0, length));
            }
        }
    }

    private static ControlBody Refused(ProtocolStatus status) => new(status, default);
}
