using System.Buffers;
using System.IO.Pipelines;

namespace Bedplate.Protocols.Grpc;

/// <summary>
/// A response message while it is being compressed. Its length goes in front of it and is not known before the end, so
/// its compressed bytes are kept, in pooled blocks.
/// </summary>
internal sealed class CompressedMessage : IDisposable
{
    // Compressed bytes handed to the response at a time.
    private const int FlushBytes = 64 << 10;

    // No pausing: the reader starts only when the writer is done.
    private readonly Pipe _compressed = new(new PipeOptions(pauseWriterThreshold: 0, resumeWriterThreshold: 0, useSynchronizationContext: false));

    public CompressedMessage(GrpcEncoding encoding)
    {
        Plain = GrpcEncodings.Compress(encoding, _compressed.Writer.AsStream(leaveOpen: true));
    }

    /// <summary>Where the message's plain bytes are written.</summary>
    public Stream Plain { get; }

    /// <summary>Ends the message and writes it with its prefix, no faster than the client takes it.</summary>
    public async ValueTask<FlushResult> WriteToAsync(PipeWriter output, CancellationToken cancellationToken)
    {
        await Plain.DisposeAsync();
        await _compressed.Writer.CompleteAsync();
        _compressed.Reader.TryRead(out var whole);
        var bytes = whole.Buffer;
        GrpcMessageWriter.WritePrefix(output.GetSpan(GrpcMessageReader.PrefixBytes), (uint)bytes.Length, isCompressed: true);
        output.Advance(GrpcMessageReader.PrefixBytes);
        var result = default(FlushResult);
        var unflushed = 0;
        foreach (var segment in bytes)
        {
            output.Write(segment.Span);
            unflushed += segment.Length;
            if (unflushed >= FlushBytes)
            {
                result = await output.FlushAsync(cancellationToken);
                unflushed = 0;
                if (result.IsCompleted)
                {
                    break;
                }
            }
        }

        if (unflushed > 0)
        {
            result = await output.FlushAsync(cancellationToken);
        }

        return result;
    }

    /// <summary>Gives the blocks back.</summary>
    public void Dispose()
    {
        Plain.Dispose();
        _compressed.Writer.Complete();
        _compressed.Reader.Complete();
    }
}
