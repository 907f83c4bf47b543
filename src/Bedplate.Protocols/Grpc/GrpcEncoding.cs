namespace Bedplate.Protocols.Grpc;

/// <summary>How the messages of one direction of a call may be compressed: the value of its grpc-encoding header.</summary>
internal enum GrpcEncoding : byte
{
    /// <summary>Not at all; also when the header is absent.</summary>
    Identity = 0,

    /// <summary>gzip (RFC 1952).</summary>
    Gzip,

    /// <summary>deflate, which in gRPC as in HTTP is the zlib format (RFC 1950), not bare deflate.</summary>
    Deflate,
}
