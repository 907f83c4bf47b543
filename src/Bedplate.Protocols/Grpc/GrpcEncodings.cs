using System.Diagnostics;
using System.IO.Compression;
using Microsoft.Extensions.Primitives;

namespace Bedplate.Protocols.Grpc;

/// <summary>Names and streams of <see cref="GrpcEncoding"/>, and reading the headers that carry them.</summary>
internal static class GrpcEncodings
{
    /// <summary>What this server reads, as the grpc-accept-encoding header lists it.</summary>
    public const string Accepted = "identity,gzip,deflate";

    /// <summary>The header's name for an encoding.</summary>
    public static string NameOf(GrpcEncoding encoding) => encoding switch
    {
        GrpcEncoding.Gzip => "gzip",
        GrpcEncoding.Deflate => "deflate",
        _ => "identity",
    };

    /// <summary>Reads a grpc-encoding header. False when it names an encoding that is not spoken here.</summary>
    public static bool TryParse(StringValues header, out GrpcEncoding encoding)
    {
        encoding = GrpcEncoding.Identity;
        return header.Count == 0 || (header.Count == 1 && TryParse(header[0], out encoding));
    }

    /// <summary>Whether a grpc-accept-encoding header lists an encoding.</summary>
    public static bool IsAccepted(StringValues header, GrpcEncoding encoding)
    {
        foreach (var value in header)
        {
            var list = value.AsSpan();
            foreach (var range in list.Split(','))
            {
                if (TryParse(list[range].Trim(), out var listed) && listed == encoding)
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>A stream that gives the plain bytes of what <paramref name="source"/> holds compressed.</summary>
    public static Stream Decompress(GrpcEncoding encoding, Stream source) => encoding switch
    {
        GrpcEncoding.Gzip => new GZipStream(source, CompressionMode.Decompress),
        GrpcEncoding.Deflate => new ZLibStream(source, CompressionMode.Decompress),
        _ => throw new UnreachableException(),
    };

    /// <summary>
    /// A stream that compresses into <paramref name="destination"/>, which stays open. The fastest level: a client
    /// that asks for compression saves bandwidth, and must not cost this machine more than it saves.
    /// </summary>
    public static Stream Compress(GrpcEncoding encoding, Stream destination) => encoding switch
    {
        GrpcEncoding.Gzip => new GZipStream(destination, CompressionLevel.Fastest, leaveOpen: true),
        GrpcEncoding.Deflate => new ZLibStream(destination, CompressionLevel.Fastest, leaveOpen: true),
        _ => throw new UnreachableException(),
    };

    private static bool TryParse(ReadOnlySpan<char> name, out GrpcEncoding encoding)
    {
        switch (name)
        {
            case "identity":
                encoding = GrpcEncoding.Identity;
                return true;
            case "gzip":
                encoding = GrpcEncoding.Gzip;
                return true;
            case "deflate":
                encoding = GrpcEncoding.Deflate;
                return true;
            default:
                encoding = GrpcEncoding.Identity;
                return false;
        }
    }
}
