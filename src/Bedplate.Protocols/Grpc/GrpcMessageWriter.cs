using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Google.Protobuf;

namespace Bedplate.Protocols.Grpc;

/// <summary>Writes length-prefixed messages to a call's response stream.</summary>
internal static class GrpcMessageWriter
{
    /// <summary>
    /// Messages smaller than this are not compressed, also where the client reads it: they would hardly shrink, and
    /// go out in one packet anyway.
    /// </summary>
    public const int MinCompressedBytes = 1024;

    /// <summary>Writes the prefix of a message of <paramref name="length"/> bytes.</summary>
    public static void WritePrefix(Span<byte> destination, uint length, bool isCompressed)
    {
        destination[0] = isCompressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32BigEndian(destination[1..], length);
    }

    /// <summary>Writes a message and sends it.</summary>
    public static async ValueTask<FlushResult> WriteAsync(GrpcCall call, IMessage message, CancellationToken cancellationToken)
    {
        var size = message.CalculateSize();
        if (call.ResponseEncoding != GrpcEncoding.Identity && size >= MinCompressedBytes)
        {
            using var compressed = new CompressedMessage(call.ResponseEncoding);
            message.WriteTo(compressed.Plain);
            return await compressed.WriteToAsync(call.Output, cancellationToken);
        }

        var output = call.Output;
        WritePrefix(output.GetSpan(GrpcMessageReader.PrefixBytes), (uint)size, isCompressed: false);
        output.Advance(GrpcMessageReader.PrefixBytes);
        message.WriteTo((IBufferWriter<byte>)output);
        return await output.FlushAsync(cancellationToken);
    }
}
