using System.Buffers.Binary;
using System.IO.Compression;
using Bedplate.Protocols;
using Bedplate.Protocols.Grpc;
using Bedplate.Tests.TestKit.Grpc;

namespace Bedplate.Tests.Fuzz.Grpc;

/// <summary>Reads a stream that lies there whole, as grpc/grpc's doc/PROTOCOL-HTTP2.md says.</summary>
internal static class FramingOracle
{
    public static FramingOutcome Read(FramingCase given)
    {
        var messages = new List<byte[]>();
        var rest = given.Stream.AsSpan();
        while (!rest.IsEmpty)
        {
            if (rest.Length < 5 || rest[0] > 1)
            {
                return new FramingOutcome(messages, GrpcCode.Internal);
            }

            var isCompressed = rest[0] == 1;
            var length = BinaryPrimitives.ReadUInt32BigEndian(rest[1..]);
            rest = rest[5..];
            if (length > given.Limit)
            {
                return new FramingOutcome(messages, GrpcCode.ResourceExhausted);
            }

            if (isCompressed && given.Encoding == GrpcEncoding.Identity)
            {
                return new FramingOutcome(messages, GrpcCode.Internal);
            }

            var content = rest[..(int)Math.Min(length, rest.Length)].ToArray();
            if (isCompressed)
            {
                try
                {
                    content = GrpcFrame.Decompress(content, GrpcEncodings.NameOf(given.Encoding));
                }
                catch (Exception exception) when (exception is InvalidDataException or IOException)
                {
                    // Too long before it is broken: whichever the reader meets first. The last byte may not be had
                    // from a message whose checksum is wrong.
                    var isTooLong = ComesTo(content, given.Encoding, given.Limit);
                    return new FramingOutcome(messages, GrpcCode.Internal) { OrElse = isTooLong ? GrpcCode.ResourceExhausted : null };
                }

                if (content.Length > given.Limit)
                {
                    return new FramingOutcome(messages, GrpcCode.ResourceExhausted);
                }
            }

            if (length > rest.Length)
            {
                return new FramingOutcome(messages, GrpcCode.Internal);
            }

            messages.Add(content);
            rest = rest[(int)length..];
        }

        return new FramingOutcome(messages, GrpcCode.Ok);
    }

    // Whether so many plain bytes can be had from a broken message.
    private static bool ComesTo(byte[] message, GrpcEncoding encoding, long bytes)
    {
        using Stream plain = encoding == GrpcEncoding.Gzip
            ? new GZipStream(new MemoryStream(message), CompressionMode.Decompress)
            : new ZLibStream(new MemoryStream(message), CompressionMode.Decompress);
        try
        {
            while (bytes > 0 && plain.ReadByte() >= 0)
            {
                bytes--;
            }
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            return false;
        }

        return bytes == 0;
    }
}
