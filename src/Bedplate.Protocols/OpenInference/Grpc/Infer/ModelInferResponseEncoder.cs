using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Protocols.Grpc;
using Bedplate.Protocols.Grpc.Wire;
using Bedplate.Tensors;

namespace Bedplate.Protocols.OpenInference.Grpc.Infer;

/// <summary>
/// Writes a ModelInferResponse as a gRPC message: what describes the outputs first, then each output's bytes from the
/// backend's memory to the connection's. Outputs are always raw, also when the request's inputs were not, as Triton
/// has it.
/// </summary>
internal static class ModelInferResponseEncoder
{
    // A message up to this size is written in one piece; it fits a block of the connection's memory.
    private const int SinglePieceBytes = 4000;

    // Tensor bytes between two flushes: where Kestrel's response buffer begins to hold a writer back.
    private const int FlushBytes = 64 << 10;

    // The most that protobuf, and with it gRPC, can carry in one message.
    private const long MaxMessageBytes = int.MaxValue;

    /// <summary>
    /// Writes a response. What a unary call has left to send goes out when it ends; the messages of a stream are sent
    /// one by one.
    /// </summary>
    public static ValueTask<ProtocolStatus> WriteAsync(GrpcCall call, in InferResponseMessage message, CancellationToken cancellationToken)
    {
        var layout = new Layout(message);
        if (layout.MessageLength > MaxMessageBytes)
        {
            return ValueTask.FromResult(ProtocolStatus.Invalid(string.Create(
                CultureInfo.InvariantCulture,
                $"Response has byte size {layout.MessageLength} which exceeds gRPC's byte size limit {MaxMessageBytes}.")));
        }

        if (call.ResponseEncoding != GrpcEncoding.Identity && layout.MessageLength >= GrpcMessageWriter.MinCompressedBytes)
        {
            return WriteCompressedAsync(call, message, layout, cancellationToken);
        }

        if (message.IsStreamed || layout.MessageLength > SinglePieceBytes)
        {
            return WriteInPiecesAsync(call, message, layout, cancellationToken);
        }

        var output = call.Output;
        var length = GrpcMessageReader.PrefixBytes + (int)layout.MessageLength;
        var span = output.GetSpan(length);
        var at = WriteHead(span, message, layout);
        if (message.Response is not null)
        {
            foreach (ref readonly var tensor in message.Response.Outputs)
            {
                if (tensor.IsPresent)
                {
                    at += WriteRawLength(span[at..], tensor.ByteLength);
                    tensor.Bytes.CopyTo(span[at..]);
                    at += (int)tensor.ByteLength;
                }
            }
        }

        output.Advance(length);
        return ValueTask.FromResult(ProtocolStatus.Ok);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<ProtocolStatus> WriteInPiecesAsync(
        GrpcCall call, InferResponseMessage message, Layout layout, CancellationToken cancellationToken)
    {
        var output = call.Output;
        output.Advance(WriteHead(output.GetSpan(GrpcMessageReader.PrefixBytes + layout.HeadLength), message, layout));
        var unflushed = 0L;
        for (var i = 0; i < message.OutputCount; i++)
        {
            var length = message.LengthOf(i);
            if (length < 0)
            {
                continue;
            }

            output.Advance(WriteRawLength(output.GetSpan(ProtobufWire.MaxVarintBytes), length));
            for (var done = 0L; done < length;)
            {
                var count = (int)Math.Min(length - done, FlushBytes - unflushed);
                output.Write(message.BytesOf(i, done, count));
                done += count;
                unflushed += count;
                if (unflushed < FlushBytes)
                {
                    continue;
                }

                unflushed = 0;
                if ((await output.FlushAsync(cancellationToken)).IsCompleted)
                {
                    // The client has gone. Nobody reads the status.
                    return ProtocolStatus.Ok;
                }
            }
        }

        if (message.IsStreamed)
        {
            await output.FlushAsync(cancellationToken);
        }

        return ProtocolStatus.Ok;
    }

    private static async ValueTask<ProtocolStatus> WriteCompressedAsync(
        GrpcCall call, InferResponseMessage message, Layout layout, CancellationToken cancellationToken)
    {
        using var compressed = new CompressedMessage(call.ResponseEncoding);
        var head = ArrayPool<byte>.Shared.Rent(GrpcMessageReader.PrefixBytes + layout.HeadLength);
        try
        {
            // The prefix is that of the plain message; the compressed one gets its own.
            var written = WriteHead(head, message, layout);
            compressed.Plain.Write(head.AsSpan(GrpcMessageReader.PrefixBytes, written - GrpcMessageReader.PrefixBytes));
            for (var i = 0; i < message.OutputCount; i++)
            {
                var length = message.LengthOf(i);
                if (length >= 0)
                {
                    compressed.Plain.Write(head.AsSpan(0, WriteRawLength(head, length)));
                    compressed.Plain.Write(message.BytesOf(i, 0, (int)length));
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(head);
        }

        await compressed.WriteToAsync(call.Output, cancellationToken);
        return ProtocolStatus.Ok;
    }

    private static int WriteRawLength(Span<byte> destination, long length)
    {
        var writer = new ProtobufWriter(destination);
        writer.WriteLength(ResponseFields.RawOutputContents, length);
        return writer.Written;
    }

    // Everything but the outputs' bytes, with the prefix.
    private static int WriteHead(Span<byte> destination, in InferResponseMessage message, in Layout layout)
    {
        GrpcMessageWriter.WritePrefix(destination, (uint)layout.MessageLength, isCompressed: false);
        var writer = new ProtobufWriter(destination[GrpcMessageReader.PrefixBytes..]);
        if (message.IsStreamed)
        {
            writer.WriteLength(StreamFields.InferResponse, layout.ResponseLength);
        }

        writer.WriteText(ResponseFields.ModelName, message.Model.Utf8Name);
        writer.WriteAscii(ResponseFields.ModelVersion, message.Model.VersionText);
        writer.WriteText(ResponseFields.Id, message.Request.Id);
        if (message.IsStreamed)
        {
            writer.WriteBytes(message.IsFinal ? FinalResponseParameter.True : FinalResponseParameter.False);
        }

        if (message.Response is not null)
        {
            var specs = message.Model.Signature.Outputs;
            for (var i = 0; i < specs.Length; i++)
            {
                ref readonly var tensor = ref message.Response.Outputs[i];
                if (tensor.IsPresent)
                {
                    WriteOutput(ref writer, specs[i], tensor);
                }
            }
        }

        return GrpcMessageReader.PrefixBytes + writer.Written;
    }

    private static void WriteOutput(ref ProtobufWriter writer, TensorSpec spec, in Tensor tensor)
    {
        writer.WriteLength(ResponseFields.Outputs, SizeOfOutput(spec, tensor));
        writer.WriteText(OutputFields.Name, spec.Utf8Name);
        writer.WriteAscii(OutputFields.Datatype, tensor.Type.WireName());
        if (tensor.Shape.Rank > 0)
        {
            writer.WriteLength(OutputFields.Shape, SizeOfDimensions(tensor.Shape));
            foreach (var dimension in tensor.Shape.Span)
            {
                writer.WriteVarint((ulong)dimension);
            }
        }
    }

    private static long SizeOfOutput(TensorSpec spec, in Tensor tensor)
    {
        var size = ProtobufWriter.SizeOfText(spec.Utf8Name.Length) + ProtobufWriter.SizeOfText(tensor.Type.WireName().Length);
        return tensor.Shape.Rank == 0 ? size : size + ProtobufWriter.SizeOfField(SizeOfDimensions(tensor.Shape));
    }

    private static int SizeOfDimensions(in TensorShape shape)
    {
        var size = 0;
        foreach (var dimension in shape.Span)
        {
            size += ProtobufWire.SizeOfVarint((ulong)dimension);
        }

        return size;
    }

    /// <summary>The lengths that stand in front of what they measure.</summary>
    private readonly struct Layout
    {
        public Layout(in InferResponseMessage message)
        {
            var head = ProtobufWriter.SizeOfText(message.Model.Utf8Name.Length)
                + ProtobufWriter.SizeOfText(message.Model.VersionText.Length)
                + ProtobufWriter.SizeOfText(message.Request.Id.Length)
                + (message.IsStreamed ? FinalResponseParameter.True.Length : 0);
            var raw = 0L;
            if (message.Response is not null)
            {
                var specs = message.Model.Signature.Outputs;
                for (var i = 0; i < specs.Length; i++)
                {
                    ref readonly var tensor = ref message.Response.Outputs[i];
                    if (tensor.IsPresent)
                    {
                        head += ProtobufWriter.SizeOfField(SizeOfOutput(specs[i], tensor));
                        raw += ProtobufWriter.SizeOfField(tensor.ByteLength);
                    }
                }
            }

            ResponseLength = head + raw;
            var wrapping = message.IsStreamed ? ProtobufWriter.SizeOfField(ResponseLength) - ResponseLength : 0;
            HeadLength = (int)(wrapping + head);
            MessageLength = wrapping + ResponseLength;
        }

        /// <summary>Bytes of the ModelInferResponse.</summary>
        public long ResponseLength { get; }

        /// <summary>Bytes of the message in front of the outputs' bytes.</summary>
        public int HeadLength { get; }

        /// <summary>Bytes of the gRPC message.</summary>
        public long MessageLength { get; }
    }

    private static class ResponseFields
    {
        public const int ModelName = 1;
        public const int ModelVersion = 2;
        public const int Id = 3;
        public const int Outputs = 5;
        public const int RawOutputContents = 6;
    }

    private static class OutputFields
    {
        public const int Name = 1;
        public const int Datatype = 2;
        public const int Shape = 3;
    }

    private static class StreamFields
    {
        public const int InferResponse = 2;
    }

    /// <summary>The parameter by which a client of a stream knows the last response of a request; field 4 of the response.</summary>
    private static class FinalResponseParameter
    {
        // An entry of 27 bytes: the key of 21 and, as value, an InferParameter whose bool_param is set.
        public static ReadOnlySpan<byte> True => "\u0022\u001b\u000a\u0015triton_final_response\u0012\u0002\u0008\u0001"u8;

        public static ReadOnlySpan<byte> False => "\u0022\u001b\u000a\u0015triton_final_response\u0012\u0002\u0008\u0000"u8;
    }
}
