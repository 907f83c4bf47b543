using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Bedplate.Bench.Floor;
using Bedplate.Tensors;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Bedplate.Bench.HttpFloor;

/// <summary>Puts answers on the wire.</summary>
internal static class HttpAnswer
{
    public const string HeaderLengthName = "Inference-Header-Content-Length";

    private static readonly StringValues JsonType = "application/json";
    private static readonly StringValues BinaryType = "application/octet-stream";

    // The text of the last length: requests of one client have the same one, and a string each would be garbage.
    private static LengthText _lastLength = new(0);

    public static Task WriteJsonAsync(IFeatureCollection context, ReadOnlySpan<byte> body) =>
        WriteAsync(context, body, JsonType);

    public static Task WriteBinaryAsync(IFeatureCollection context, ReadOnlySpan<byte> body, int jsonLength)
    {
        context.GetRequiredFeature<IHttpResponseFeature>().Headers[HeaderLengthName] = TextOf(jsonLength);
        return WriteAsync(context, body, BinaryType);
    }

    public static Task RefuseAsync(IFeatureCollection context, int status, string message)
    {
        context.GetRequiredFeature<IHttpResponseFeature>().StatusCode = status;
        return WriteJsonAsync(context, Encoding.UTF8.GetBytes($$"""{"error":"{{JsonEncodedText.Encode(message)}}"}"""));
    }

    /// <summary>Writes in pieces; the outputs are released at the end.</summary>
    public static async Task WriteLargeAsync(IFeatureCollection context, InferAnswer answer, Tensor[] outputs, long jsonMaxLength, bool binary)
    {
        var json = ArrayPool<byte>.Shared.Rent(checked((int)jsonMaxLength));
        try
        {
            var jsonLength = answer.Write(json, outputs, binary);
            var response = context.GetRequiredFeature<IHttpResponseFeature>();
            response.Headers.ContentLength = jsonLength + (binary ? outputs.Sum(output => output.ByteLength) : 0);
            response.Headers.ContentType = binary ? BinaryType : JsonType;
            if (binary)
            {
                response.Headers[HeaderLengthName] = TextOf(jsonLength);
            }

            var body = context.GetRequiredFeature<IHttpResponseBodyFeature>();
            await body.StartAsync();
            for (var at = 0; at < jsonLength; at += FloorServer.PieceLength)
            {
                await WritePieceAsync(body.Writer, json.AsSpan(at, Math.Min(FloorServer.PieceLength, jsonLength - at)));
            }

            foreach (var output in binary ? outputs : [])
            {
                for (var at = 0; at < output.ByteLength; at += FloorServer.PieceLength)
                {
                    await WritePieceAsync(body.Writer, output.Bytes[at..Math.Min(at + FloorServer.PieceLength, (int)output.ByteLength)]);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(json);
            foreach (var output in outputs)
            {
                output.Buffer!.Release();
            }
        }
    }

    private static ValueTask<FlushResult> WritePieceAsync(PipeWriter writer, ReadOnlySpan<byte> piece)
    {
        piece.CopyTo(writer.GetSpan(piece.Length));
        writer.Advance(piece.Length);
        return writer.FlushAsync();
    }

    private static Task WriteAsync(IFeatureCollection context, ReadOnlySpan<byte> body, StringValues type)
    {
        var headers = context.GetRequiredFeature<IHttpResponseFeature>().Headers;
        headers.ContentLength = body.Length;
        headers.ContentType = type;

        // Started first, the body is written behind the head instead of being kept aside until the head is known.
        var response = context.GetRequiredFeature<IHttpResponseBodyFeature>();
        var started = response.StartAsync();
        var writer = response.Writer;
        body.CopyTo(writer.GetSpan(body.Length));
        writer.Advance(body.Length);
        return started;
    }

    private static StringValues TextOf(int length)
    {
        var text = _lastLength;
        if (text.Length != length)
        {
            _lastLength = text = new LengthText(length);
        }

        return text.Text;
    }

    private sealed class LengthText(int length)
    {
        public int Length { get; } = length;

        public StringValues Text { get; } = length.ToString(CultureInfo.InvariantCulture);
    }
}
