using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Bedplate.Protocols.OpenInference.Rest;

/// <summary>Answers that are not an inference's.</summary>
internal static class RestReply
{
    private static readonly JsonWriterOptions WriterOptions = new()
    {
        // The text is the body of an application/json answer, never part of a page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Answers with a status that is not success: <c>{"error": "…"}</c>.</summary>
    public static Task ErrorAsync(HttpContext context, in ProtocolStatus status)
    {
        if (status.RetryAfter > TimeSpan.Zero)
        {
            var seconds = Math.Max(1, (long)Math.Ceiling(status.RetryAfter.TotalSeconds));
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        RefusedBody.AnnounceClose(context, status);
        var (buffer, writer) = Begin();
        writer.WriteStartObject();
        writer.WriteString("error"u8, status.Message);
        writer.WriteEndObject();
        return SendAsync(context, buffer, writer, status.Http);
    }

    /// <summary>Answers a verb that the path does not have.</summary>
    public static Task MethodNotAllowedAsync(HttpContext context, string allowed)
    {
        context.Response.Headers.Allow = allowed;
        return ErrorAsync(context, new ProtocolStatus(StatusCodes.Status405MethodNotAllowed, GrpcCode.Unimplemented, "Method Not Allowed"));
    }

    /// <summary>Answers with nothing but success.</summary>
    public static Task EmptyAsync(HttpContext context)
    {
        context.Response.ContentLength = 0;
        return Task.CompletedTask;
    }

    /// <summary>Answers with a JSON text.</summary>
    public static async Task JsonAsync(HttpContext context, ReadOnlyMemory<byte> utf8, int status = StatusCodes.Status200OK)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = utf8.Length;
        await context.Response.BodyWriter.WriteAsync(utf8);
    }

    /// <summary>A JSON text to be written, and where it goes.</summary>
    public static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Writer) Begin()
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        return (buffer, new Utf8JsonWriter(buffer, WriterOptions));
    }

    /// <summary>Answers with a text that was begun with <see cref="Begin"/>.</summary>
    public static Task SendAsync(HttpContext context, ArrayBufferWriter<byte> buffer, Utf8JsonWriter writer, int status = StatusCodes.Status200OK)
    {
        writer.Flush();
        return JsonAsync(context, buffer.WrittenMemory, status);
    }
}
