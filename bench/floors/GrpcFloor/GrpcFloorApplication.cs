using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Text;
using Bedplate.Bench.Floor;
using Bedplate.Tensors;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Bedplate.Bench.GrpcFloor;

/// <summary>
/// ModelInfer over gRPC for one model, as lean as Kestrel allows: a message that is there in one piece is read, run
/// and answered without an await, and head, message and trailers leave together.
/// </summary>
internal sealed class GrpcFloorApplication(FloorModel model) : IHttpApplication<IFeatureCollection>
{
    private const string InferPath = "/inference.GRPCInferenceService/ModelInfer";
    private const string InvalidArgument = "3";
    private const string NotFound = "5";
    private const string Unimplemented = "12";
    private const string OneMessage = "send one message, not compressed";

    private static readonly StringValues ContentType = "application/grpc";
    private static readonly StringValues Ok = "0";

    private readonly InferAnswer _answer = new(model);
    private readonly byte[] _name = Encoding.UTF8.GetBytes(model.Name);

    public IFeatureCollection CreateContext(IFeatureCollection contextFeatures) => contextFeatures;

    public void DisposeContext(IFeatureCollection context, Exception? exception)
    {
        // The features are Kestrel's.
    }

    public Task ProcessRequestAsync(IFeatureCollection context)
    {
        context.GetRequiredFeature<IHttpResponseFeature>().Headers.ContentType = ContentType;
        if (context.GetRequiredFeature<IHttpRequestFeature>().Path != InferPath)
        {
            return EndAsync(context, Unimplemented, "this program answers ModelInfer for its one model");
        }

        var body = context.GetRequiredFeature<IRequestBodyPipeFeature>().Reader;
        if (!body.TryRead(out var read))
        {
            return GatherAndInferAsync(context, body);
        }

        if (!read.IsCompleted || !read.Buffer.IsSingleSegment)
        {
            body.AdvanceTo(read.Buffer.Start);
            return GatherAndInferAsync(context, body);
        }

        var answer = InferAsync(context, read.Buffer.FirstSpan);
        body.AdvanceTo(read.Buffer.End);
        return answer;
    }

    /// <summary>Puts a message together that arrives in pieces; its prefix says how long it will be.</summary>
    private async Task GatherAndInferAsync(IFeatureCollection context, PipeReader body)
    {
        TensorBuffer? gathered = null;
        var end = 0;
        try
        {
            while (true)
            {
                var read = await body.ReadAsync();
                if (gathered is null && read.IsCompleted && read.Buffer.IsSingleSegment)
                {
                    await InferAsync(context, read.Buffer.FirstSpan);
                    body.AdvanceTo(read.Buffer.End);
                    return;
                }

                if (gathered is null && read.Buffer.Length < InferAnswer.PrefixLength && !read.IsCompleted)
                {
                    body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                    continue;
                }

                gathered ??= model.Memory.Rent(InferAnswer.PrefixLength + (long)LengthIn(read.Buffer));
                if (end + read.Buffer.Length > gathered.ByteLength)
                {
                    await EndAsync(context, Unimplemented, OneMessage);
                    return;
                }

                foreach (var piece in read.Buffer)
                {
                    piece.Span.CopyTo(gathered.Span[end..]);
                    end += piece.Length;
                }

                body.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    await InferAsync(context, gathered.Span[..end]);
                    return;
                }
            }
        }
        finally
        {
            gathered?.Release();
        }
    }

    private static uint LengthIn(in ReadOnlySequence<byte> body)
    {
        Span<byte> prefix = stackalloc byte[InferAnswer.PrefixLength];
        body.Slice(0, Math.Min(body.Length, prefix.Length)).CopyTo(prefix);
        return BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
    }

    private Task InferAsync(IFeatureCollection context, ReadOnlySpan<byte> frame)
    {
        if (frame.Length < InferAnswer.PrefixLength || frame[0] != 0
            || BinaryPrimitives.ReadInt32BigEndian(frame[1..]) != frame.Length - InferAnswer.PrefixLength)
        {
            return EndAsync(context, Unimplemented, OneMessage);
        }

        var fault = InferRequest.Read(frame[InferAnswer.PrefixLength..], model.Input, out var request);
        if (fault is not null)
        {
            return EndAsync(context, InvalidArgument, fault);
        }

        if (!request.ModelName.SequenceEqual(_name))
        {
            return EndAsync(context, NotFound, $"there is only the model '{model.Name}'");
        }

        var slot = model.Slot;
        request.RawContents.CopyTo(MemoryMarshal.AsBytes(slot.Reserve(request.RawContents.Length / sizeof(float))));
        var outcome = slot.Run(request.Shape, request.RawContents.Length);
        return outcome.IsSuccess ? AnswerAsync(context, slot) : EndAsync(context, InvalidArgument, outcome.Message!);
    }

    private Task AnswerAsync(IFeatureCollection context, ModelSlot slot)
    {
        // Not flushed: Kestrel sends what it holds when the request ends, together with head and trailers.
        var writer = context.GetRequiredFeature<IHttpResponseBodyFeature>().Writer;
        var span = writer.GetSpan(checked((int)_answer.MaxLength(slot.Outputs)));
        writer.Advance(_answer.Write(span, slot.Outputs));
        slot.ReleaseOutputs();
        context.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers.GrpcStatus = Ok;
        return Task.CompletedTask;
    }

    private static Task EndAsync(IFeatureCollection context, string status, string message)
    {
        var trailers = context.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers;
        trailers.GrpcStatus = status;
        trailers.GrpcMessage = Uri.EscapeDataString(message);
        return Task.CompletedTask;
    }
}
