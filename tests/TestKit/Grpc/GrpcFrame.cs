using System.Buffers.Binary;
using System.IO.Compression;
using Google.Protobuf;

namespace Bedplate.Tests.TestKit.Grpc;

/// <summary>gRPC's length-prefixed messages, written by hand so that they can be wrong as well.</summary>
public static class GrpcFrame
{
    /// <summary>A message with its prefix.</summary>
    public static byte[] Of(IMessage message) => Of(message.ToByteArray());

    /// <summary>Bytes with a prefix, true or not.</summary>
    public static byte[] Of(ReadOnlySpan<byte> message, byte flag = 0, uint? length = null)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), length ?? (uint)message.Length);
        message.CopyTo(frame.AsSpan(5));
        return frame;
    }

    /// <summary>A message compressed with "gzip" or "deflate", with its prefix.</summary>
    public static byte[] Compressed(ReadOnlySpan<byte> message, string encoding)
    {
        using var compressed = new MemoryStream();
        using (Stream stream = encoding == "gzip" ? new GZipStream(compressed, CompressionLevel.Fastest) : new ZLibStream(compressed, CompressionLevel.Fastest))
        {
            stream.Write(message);
        }

        return Of(compressed.ToArray(), flag: 1);
    }

    /// <summary>The plain bytes of a compressed message.</summary>
    public static byte[] Decompress(byte[] message, string encoding)
    {
        using Stream stream = encoding == "gzip"
            ? new GZipStream(new MemoryStream(message), CompressionMode.Decompress)
            : new ZLibStream(new MemoryStream(message), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        stream.CopyTo(plain);
        return plain.ToArray();
    }
}
