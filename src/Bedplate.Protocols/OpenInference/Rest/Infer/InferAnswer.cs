using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Bedplate.Protocols.OpenInference.Classification;
using Bedplate.Protocols.OpenInference.Rest.Compression;
using Bedplate.Protocols.OpenInference.Rest.Json;
using Bedplate.Tensors;
using Microsoft.AspNetCore.Http;

namespace Bedplate.Protocols.OpenInference.Rest.Infer;

/// <summary>
/// Writes the answer of an inference: its JSON is made whole first, so that the length of everything can be said before
/// the first byte; bytes of outputs go from the runtime's memory to the connection, as fast as the reader takes them.
/// </summary>
internal static class InferAnswer
{
    // What is handed over at one time. A fast reader that has taken all of it sleeps until there is more, and waking it
    // costs more than the bytes: 16 MiB in pieces of 128 KiB took 13 ms, in these 9. Pieces of twice the size took 8, but a
    // slow reader would hold them, and these are no more than a host is let buffer (HttpPort) in any case.
    private const int FlushLength = 512 << 10;

    /// <summary>
    /// Writes the JSON of the exchange's answer. False with the exchange's failure set, when an output cannot be said
    /// in JSON or there is no memory to say it.
    /// </summary>
    public static bool TryCompose(InferExchange exchange)
    {
        var answer = exchange.Answer;
        var model = exchange.Model;
        answer.Write("{"u8);
        if (!exchange.RawId.IsEmpty)
        {
            answer.Write("\"id\":\""u8);
            answer.Write(exchange.RawId);
            answer.Write("\","u8);
        }

        answer.Write("\"model_name\":"u8);
        JsonStrings.TryWrite(answer, model.Utf8Name);
        answer.Write(",\"model_version\":\""u8);
        answer.Write(model.Version);
        answer.Write("\",\"outputs\":["u8);
        var isFirst = true;
        foreach (ref readonly var output in exchange.Outputs)
        {
            if (!isFirst)
            {
                answer.Write(","u8);
            }

            isFirst = false;
            if (!TryCompose(exchange, output))
            {
                return false;
            }
        }

        answer.Write("]}"u8);
        return answer.Overflow switch
        {
            AnswerOverflow.None => true,
            AnswerOverflow.Memory => exchange.Fail(InferFaults.NoMemory(model)),
            _ => exchange.Fail(InferFaults.AnswerTooLarge(model)),
        };
    }

    /// <summary>Sends the composed answer.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public static async ValueTask SendAsync(HttpResponse response, InferExchange exchange, ContentCoding coding)
    {
        var answer = exchange.Answer;
        var binaryLength = 0L;
        if (exchange.HasBinaryOutputs)
        {
            response.ContentType = "application/octet-stream";
            response.Headers[InferHeaders.HeaderLengthName] = answer.Length.ToString(CultureInfo.InvariantCulture);
            binaryLength = BinaryLength(exchange);
        }
        else
        {
            response.ContentType = "application/json";
        }

        if (coding != ContentCoding.Identity)
        {
            await CompressedAnswer.SendAsync(response, exchange, coding);
            return;
        }

        response.ContentLength = answer.Length + binaryLength;
        var writer = response.BodyWriter;
        if (TryAppendBinary(exchange, binaryLength))
        {
            await writer.WriteAsync(answer.Memory);
            return;
        }

        await response.StartAsync();
        if (await SendTextAsync(writer, answer))
        {
            await SendBinaryAsync(writer, exchange);
        }
    }

    private static bool TryCompose(InferExchange exchange, in OutputChoice output)
    {
        if (output.Classes > 0 && !OutputClassification.TryApply(exchange.Request, output.Index, output.Classes))
        {
            return exchange.Fail(InferFaults.NoMemory(exchange.Model));
        }

        var answer = exchange.Answer;
        var spec = exchange.Model.Signature.Outputs[output.Index];
        ref readonly var tensor = ref exchange.Request.Response.Outputs[output.Index];
        answer.Write("{\"name\":"u8);
        JsonStrings.TryWrite(answer, spec.Utf8Name);
        answer.Write(",\"datatype\":\""u8);
        answer.Write(JsonNames.Of(tensor.Type));
        answer.Write("\",\"shape\":["u8);
        var dimensions = tensor.Shape.Span;
        for (var i = 0; i < dimensions.Length; i++)
        {
            if (i > 0)
            {
                answer.Write(","u8);
            }

            answer.Write(dimensions[i]);
        }

        if (output.Form == OutputForm.Binary)
        {
            answer.Write("],\"parameters\":{\"binary_data_size\":"u8);
            answer.Write(tensor.ByteLength);
            answer.Write("}}"u8);
            return true;
        }

        answer.Write("],\"data\":"u8);
        var unwritable = JsonTensorWriter.Write(answer, tensor);
        answer.Write("}"u8);
        return unwritable < 0 || exchange.Fail(InferFaults.OutputNotText(spec, unwritable));
    }

    // A small answer is sent in one piece.
    private static bool TryAppendBinary(InferExchange exchange, long binaryLength)
    {
        var answer = exchange.Answer;
        if (!answer.IsSmall || !answer.HasRoomFor(binaryLength))
        {
            return false;
        }

        foreach (ref readonly var output in exchange.Outputs)
        {
            if (output.Form == OutputForm.Binary)
            {
                answer.Write(exchange.Request.Response.Outputs[output.Index].Bytes);
            }
        }

        return true;
    }

    private static long BinaryLength(InferExchange exchange)
    {
        var length = 0L;
        foreach (ref readonly var output in exchange.Outputs)
        {
            if (output.Form == OutputForm.Binary)
            {
                length += exchange.Request.Response.Outputs[output.Index].ByteLength;
            }
        }

        return length;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<bool> SendTextAsync(PipeWriter writer, AnswerBuffer answer)
    {
        for (var offset = 0; offset < answer.Length;)
        {
            offset += Write(writer, answer.Written[offset..]);
            if (!await IsReadAsync(writer))
            {
                return false;
            }
        }

        return true;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask SendBinaryAsync(PipeWriter writer, InferExchange exchange)
    {
        for (var i = 0; i < exchange.Outputs.Length; i++)
        {
            var output = exchange.Outputs[i];
            if (output.Form != OutputForm.Binary)
            {
                continue;
            }

            var tensor = exchange.Request.Response.Outputs[output.Index];
            for (var offset = 0L; offset < tensor.ByteLength;)
            {
                offset += Write(writer, SpanFrom(tensor, offset));
                if (!await IsReadAsync(writer))
                {
                    return;
                }
            }
        }
    }

    // Lays as much as is sent at one time.
    private static int Write(PipeWriter writer, ReadOnlySpan<byte> bytes)
    {
        var written = 0;
        while (written < FlushLength && !bytes.IsEmpty)
        {
            // Asked for nothing in particular, Kestrel gives nothing once the connection is gone.
            var destination = writer.GetSpan(sizeHint: 1);
            var length = Math.Min(bytes.Length, destination.Length);
            bytes[..length].CopyTo(destination);
            writer.Advance(length);
            bytes = bytes[length..];
            written += length;
        }

        return written;
    }

    /// <summary>A tensor's bytes from an offset on, as many as a span can be; a tensor can be larger.</summary>
    public static unsafe ReadOnlySpan<byte> SpanFrom(in Tensor tensor, long offset)
    {
        Debug.Assert(offset <= tensor.ByteLength, "The offset lies in the tensor.");
        return new ReadOnlySpan<byte>(tensor.Pointer + offset, (int)Math.Min(int.MaxValue, tensor.ByteLength - offset));
    }

    // False when nobody reads any more.
    private static async ValueTask<bool> IsReadAsync(PipeWriter writer)
    {
        var flush = await writer.FlushAsync();
        return !flush.IsCompleted && !flush.IsCanceled;
    }
}
