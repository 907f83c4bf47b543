using System.IO.Compression;
using System.IO.Pipelines;

namespace Bedplate.Protocols.OpenInference.Rest.Compression;

/// <summary>
/// Reads a compressed body. What comes out is read in small pieces by someone who counts them, so a body that unfolds
/// without end is left at the bound.
/// </summary>
internal static class CompressedBody
{
    private static readonly StreamPipeReaderOptions Options = new(bufferSize: 16 << 10, leaveOpen: false);

    /// <summary>A reader of the body's content; to be completed.</summary>
    /// <exception cref="Exception">Thrown by reads: the body is not of this coding (<see cref="CompressionFault"/>).</exception>
    public static PipeReader Open(Stream body, ContentCoding coding) => PipeReader.Create(
        coding == ContentCoding.Gzip
            ? new GZipStream(new PoolReadStream(body), CompressionMode.Decompress)
            : new ZLibStream(new PoolReadStream(body), CompressionMode.Decompress),
        Options);
}
