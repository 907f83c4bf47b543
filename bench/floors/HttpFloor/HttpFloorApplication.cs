using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Text.Json;
using Bedplate.Bench.Floor;
using Bedplate.Tensors;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace Bedplate.Bench.HttpFloor;

/// <summary>
/// The Open Inference Protocol over HTTP for one model, as lean as Kestrel allows: a request whose body came with its
/// head is read, run and answered on the thread that the socket woke, without an await.
/// </summary>
internal sealed class HttpFloorApplication(FloorModel model) : IHttpApplication<IFeatureCollection>
{
    private const int Alignment = 64;

    private readonly InferAnswer _answer = new(model);
    private readonly byte[] _metadata = ModelMetadata.Render(model.Name, model.Signature);
    private readonly string _modelPath = $"/v2/models/{model.Name}";
    private readonly string _readyPath = $"/v2/models/{model.Name}/ready";
    private readonly string _inferPath = $"/v2/models/{model.Name}/infer";

    public IFeatureCollection CreateContext(IFeatureCollection contextFeatures) => contextFeatures;

    public void DisposeContext(IFeatureCollection context, Exception? exception)
    {
        // The features are Kestrel's.
    }

    public Task ProcessRequestAsync(IFeatureCollection context)
    {
        var request = context.GetRequiredFeature<IHttpRequestFeature>();
        if (request.Path == _inferPath && request.Method == "POST")
        {
            return ReadAndInferAsync(context, request);
        }

        if (request.Path == _modelPath)
        {
            return HttpAnswer.WriteJsonAsync(context, _metadata);
        }

        return request.Path is "/v2/health/ready" or "/v2/health/live" || request.Path == _readyPath
            ? Task.CompletedTask
            : HttpAnswer.RefuseAsync(context, 404, "this program answers inference, metadata and health of its one model");
    }

    private Task ReadAndInferAsync(IFeatureCollection context, IHttpRequestFeature request)
    {
        if (request.Headers.ContentLength is not { } contentLength || contentLength > int.MaxValue - Alignment)
        {
            return HttpAnswer.RefuseAsync(context, 411, "send a Content-Length below 2 GiB");
        }

        var jsonLength = (int)contentLength;
        if (request.Headers.TryGetValue(HttpAnswer.HeaderLengthName, out var text)
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out jsonLength) || jsonLength > contentLength))
        {
            return HttpAnswer.RefuseAsync(context, 400, $"{HttpAnswer.HeaderLengthName} is not from 0 to {contentLength}");
        }

        var body = context.GetRequiredFeature<IRequestBodyPipeFeature>().Reader;
        if (!body.TryRead(out var read))
        {
            return GatherAndInferAsync(context, body, (int)contentLength, jsonLength);
        }

        if (!read.IsCompleted || !read.Buffer.IsSingleSegment)
        {
            body.AdvanceTo(read.Buffer.Start);
            return GatherAndInferAsync(context, body, (int)contentLength, jsonLength);
        }

        var answer = InferAsync(context, read.Buffer.FirstSpan, jsonLength, gathered: null, offset: 0);
        body.AdvanceTo(read.Buffer.End);
        return answer;
    }

    /// <summary>A body in pieces is put together so that the tensor behind its JSON starts on an aligned address.</summary>
    private async Task GatherAndInferAsync(IFeatureCollection context, PipeReader body, int contentLength, int jsonLength)
    {
        var offset = (Alignment - jsonLength % Alignment) % Alignment;
        var gathered = model.Memory.Rent(offset + contentLength);
        try
        {
            var end = offset;
            ReadResult read;
            do
            {
                read = await body.ReadAsync();
                foreach (var piece in read.Buffer)
                {
                    piece.Span.CopyTo(gathered.Span[end..]);
                    end += piece.Length;
                }

                body.AdvanceTo(read.Buffer.End);
            }
            while (!read.IsCompleted);

            await InferAsync(context, gathered.Span[offset..], jsonLength, gathered, offset);
        }
        finally
        {
            gathered.Release();
        }
    }

    /// <param name="context">Where to answer.</param>
    /// <param name="body">The whole body; read before the first await.</param>
    /// <param name="jsonLength">Bytes of it that are JSON; a binary tensor follows.</param>
    /// <param name="gathered">The buffer that the body lies in, when it is ours.</param>
    /// <param name="offset">Where the body starts in it.</param>
    private Task InferAsync(IFeatureCollection context, ReadOnlySpan<byte> body, int jsonLength, TensorBuffer? gathered, int offset)
    {
        var slot = model.Slot;
        JsonRequest request;
        try
        {
            request = JsonRequest.Read(body[..jsonLength], model.Input, slot);
        }
        catch (JsonException exception)
        {
            return HttpAnswer.RefuseAsync(context, 400, exception.Message);
        }

        var isBinary = request.BinaryDataSize >= 0;
        var dataLength = isBinary ? request.BinaryDataSize : (long)request.ElementCount * sizeof(float);
        if (!request.Shape.TryGetElementCount(out var elements) || dataLength != elements * sizeof(float)
            || body.Length - jsonLength != (isBinary ? dataLength : 0))
        {
            return HttpAnswer.RefuseAsync(context, 400, $"the input's data do not have the length that shape {request.Shape} says");
        }

        if (isBinary && gathered is null)
        {
            body[jsonLength..].CopyTo(MemoryMarshal.AsBytes(slot.Reserve((int)elements)));
        }

        var outcome = isBinary && gathered is not null
            ? slot.Run(new Tensor(DataType.Float32, request.Shape, gathered, dataLength, offset + jsonLength))
            : slot.Run(request.Shape, dataLength);
        if (!outcome.IsSuccess)
        {
            return HttpAnswer.RefuseAsync(context, 400, outcome.Message!);
        }

        return AnswerAsync(context, slot, request.BinaryOutput);
    }

    private Task AnswerAsync(IFeatureCollection context, ModelSlot slot, bool binary)
    {
        var jsonMaxLength = _answer.MaxLength(slot.Outputs, binary);
        var binaryLength = binary ? ModelSlot.ByteLength(slot.Outputs) : 0;
        if (jsonMaxLength + binaryLength > slot.Scratch.Length)
        {
            return HttpAnswer.WriteLargeAsync(context, _answer, slot.TakeOutputs(), jsonMaxLength, binary);
        }

        var jsonLength = _answer.Write(slot.Scratch, slot.Outputs, binary);
        var end = jsonLength;
        if (binary)
        {
            foreach (ref readonly var output in slot.Outputs.AsSpan())
            {
                output.Bytes.CopyTo(slot.Scratch.AsSpan(end));
                end += (int)output.ByteLength;
            }
        }

        slot.ReleaseOutputs();
        return binary
            ? HttpAnswer.WriteBinaryAsync(context, slot.Scratch.AsSpan(0, end), jsonLength)
            : HttpAnswer.WriteJsonAsync(context, slot.Scratch.AsSpan(0, end));
    }
}
