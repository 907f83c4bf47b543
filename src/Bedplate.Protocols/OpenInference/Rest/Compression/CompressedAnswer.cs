using System.Buffers;
using System.IO.Compression;
using Bedplate.Protocols.OpenInference.Rest.Infer;
using Microsoft.AspNetCore.Http;

namespace Bedplate.Protocols.OpenInference.Rest.Compression;

/// <summary>Sends an answer compressed: in chunks, as its length is known only at its end.</summary>
internal static class CompressedAnswer
{
    private const int ChunkLength = 32 << 10;

    public static async Task SendAsync(HttpResponse response, InferExchange exchange, ContentCoding coding)
    {
        response.Headers.ContentEncoding = coding.Name();
        var chunk = ArrayPool<byte>.Shared.Rent(ChunkLength);
        try
        {
            await using var stream = Compress(response.Body, coding);
            for (var offset = 0; offset < exchange.Answer.Length;)
            {
                var length = Take(exchange.Answer.Written[offset..], chunk);
                await stream.WriteAsync(chunk.AsMemory(0, length));
                offset += length;
            }

            for (var i = 0; i < exchange.Outputs.Length; i++)
            {
                if (exchange.Outputs[i].Form == OutputForm.Binary)
                {
                    await SendAsync(stream, exchange, exchange.Outputs[i].Index, chunk);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }

    private static async Task SendAsync(Stream stream, InferExchange exchange, int output, byte[] chunk)
    {
        var tensor = exchange.Request.Response.Outputs[output];
        for (var offset = 0L; offset < tensor.ByteLength;)
        {
            var length = Take(InferAnswer.SpanFrom(tensor, offset), chunk);
            await stream.WriteAsync(chunk.AsMemory(0, length));
            offset += length;
        }
    }

    private static Stream Compress(Stream body, ContentCoding coding) => coding == ContentCoding.Gzip
        ? new GZipStream(body, CompressionLevel.Fastest, leaveOpen: true)
        : new ZLibStream(body, CompressionLevel.Fastest, leaveOpen: true);

    private static int Take(ReadOnlySpan<byte> bytes, Span<byte> chunk)
    {
        var length = Math.Min(bytes.Length, chunk.Length);
        bytes[..length].CopyTo(chunk);
        return length;
    }
}
