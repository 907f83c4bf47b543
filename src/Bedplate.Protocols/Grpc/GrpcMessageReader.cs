using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Bedplate.Protocols.Grpc;

/// <summary>Where a <see cref="GrpcMessageReader"/> stands.</summary>
internal enum GrpcRead : byte
{
    /// <summary>At the start of a message.</summary>
    Message = 0,

    /// <summary>The client has said that nothing more comes.</summary>
    EndOfStream,

    /// <summary>What came is no gRPC; <see cref="GrpcMessageReader.Fault"/> says why.</summary>
    Failed,
}

/// <summary>
/// Reads the length-prefixed messages of one call's request stream (grpc/grpc, doc/PROTOCOL-HTTP2.md): a byte that
/// says whether the message is compressed, four bytes of its length, big-endian, and the message. Neither frames of
/// HTTP/2 nor the pipe's segments have anything to do with where messages begin.
/// </summary>
/// <remarks>
/// A message's content is handed out as it arrives, and what the caller consumes goes back to the pipe, so that a
/// message is never held here as a whole unless the caller asks for it. One read of the pipe is open at a time:
/// <see cref="_buffer"/> is what of it nobody has consumed yet.
/// </remarks>
internal sealed class GrpcMessageReader
{
    /// <summary>Bytes in front of each message.</summary>
    public const int PrefixBytes = 5;

    private PipeReader? _body;
    private GrpcEncoding _encoding;
    private ReadOnlySequence<byte> _buffer;
    private bool _isReading;
    private bool _isCompleted;
    private long _contentLeft;
    private CompressedContent? _compressed;

    /// <summary>Why reading failed.</summary>
    public ProtocolStatus Fault { get; private set; }

    /// <summary>What of the message has arrived and is not consumed.</summary>
    public ReadOnlySequence<byte> Content { get; private set; }

    /// <summary>Whether <see cref="Content"/> reaches to the message's end.</summary>
    public bool IsContentWhole { get; private set; }

    /// <summary>Bytes of the message that are not consumed; −1 when it is compressed and nobody can know.</summary>
    public long ContentLength => _compressed is null ? _contentLeft : -1;

    /// <summary>Begins with a call's request stream.</summary>
    public void Start(PipeReader body, GrpcEncoding encoding)
    {
        _body = body;
        _encoding = encoding;
    }

    /// <summary>Lets go of the stream and of what was not consumed.</summary>
    public void Reset()
    {
        if (_isReading)
        {
            _body!.AdvanceTo(_buffer.Start);
        }

        _compressed?.Close();
        _compressed = null;
        _body = null;
        _buffer = default;
        _isReading = false;
        _isCompleted = false;
        _contentLeft = 0;
        Content = default;
        IsContentWhole = false;
        Fault = default;
    }

    /// <summary>Goes to the next message; what is left of the one before is skipped.</summary>
    public ValueTask<GrpcRead> NextAsync(GrpcMessageLimit limit, CancellationToken cancellationToken)
    {
        if (_compressed is null && _contentLeft == 0 && TryFill(PrefixBytes))
        {
            return new ValueTask<GrpcRead>(ReadPrefix(limit));
        }

        return NextWhenArrivedAsync(limit, cancellationToken);
    }

    /// <summary>Waits until more of the message has arrived. False when it never will; <see cref="Fault"/> says why.</summary>
    public ValueTask<bool> MoreAsync(CancellationToken cancellationToken)
    {
        Debug.Assert(!IsContentWhole, "All of the message is there.");
        return _compressed is null ? MorePlainAsync(cancellationToken) : MoreDecompressedAsync(_compressed, cancellationToken);
    }

    /// <summary>Gives back the content up to a position in it.</summary>
    public void Consume(SequencePosition position)
    {
        if (_compressed is not null)
        {
            _compressed.Consume(position);
            Content = Content.Slice(position);
            return;
        }

        var consumed = _buffer.Slice(0, position).Length;
        _contentLeft -= consumed;
        _buffer = _buffer.Slice(position);
        Content = Content.Slice(position);
    }

    /// <summary>Waits for the whole message. False when it never comes; <see cref="Fault"/> says why.</summary>
    public async ValueTask<bool> BufferContentAsync(CancellationToken cancellationToken)
    {
        while (!IsContentWhole)
        {
            if (!await MoreAsync(cancellationToken))
            {
                return false;
            }
        }

        return true;
    }

    // Whether this many bytes are there, or all there will ever be.
    private bool TryFill(int bytes)
    {
        if (_isReading)
        {
            return _buffer.Length >= bytes || _isCompleted;
        }

        if (!_body!.TryRead(out var result))
        {
            return false;
        }

        Take(result);
        return _buffer.Length >= bytes || _isCompleted;
    }

    private void Take(in ReadResult result)
    {
        _buffer = result.Buffer;
        _isCompleted = result.IsCompleted;
        _isReading = true;
    }

    private async ValueTask ReadAsync(CancellationToken cancellationToken)
    {
        if (_isReading)
        {
            _isReading = false;
            _body!.AdvanceTo(_buffer.Start, _buffer.End);
        }

        Take(await _body!.ReadAsync(cancellationToken));
    }

    private GrpcRead ReadPrefix(GrpcMessageLimit limit)
    {
        if (_buffer.IsEmpty)
        {
            return GrpcRead.EndOfStream;
        }

        if (_buffer.Length < PrefixBytes)
        {
            return Fail(ProtocolStatus.Internal(
                $"The request stream ended within a message's prefix, after {_buffer.Length} of {PrefixBytes} bytes."));
        }

        Span<byte> prefix = stackalloc byte[PrefixBytes];
        _buffer.Slice(0, PrefixBytes).CopyTo(prefix);
        _buffer = _buffer.Slice(PrefixBytes);
        var length = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        if (prefix[0] > 1)
        {
            return Fail(ProtocolStatus.Internal(
                $"The compressed flag of a message is {prefix[0]}; it must be 0 or 1. The stream does not hold gRPC messages."));
        }

        if (length > limit.Bytes)
        {
            return Fail(limit.Exceeded(length));
        }

        _contentLeft = length;
        if (prefix[0] == 0)
        {
            SetPlainContent();
            return GrpcRead.Message;
        }

        if (_encoding == GrpcEncoding.Identity)
        {
            return Fail(ProtocolStatus.Internal(
                "A message is marked as compressed, but the request has no grpc-encoding header that says how."));
        }

        _compressed = new CompressedContent(this, _encoding, limit);
        Content = default;
        IsContentWhole = false;
        return GrpcRead.Message;
    }

    private void SetPlainContent()
    {
        IsContentWhole = _buffer.Length >= _contentLeft;
        Content = IsContentWhole ? _buffer.Slice(0, _contentLeft) : _buffer;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<GrpcRead> NextWhenArrivedAsync(GrpcMessageLimit limit, CancellationToken cancellationToken)
    {
        _compressed?.Close();
        _compressed = null;
        if (_contentLeft > 0 && !await SkipContentAsync(cancellationToken))
        {
            return GrpcRead.Failed;
        }

        while (!TryFill(PrefixBytes))
        {
            await ReadAsync(cancellationToken);
        }

        return ReadPrefix(limit);
    }

    private async ValueTask<bool> SkipContentAsync(CancellationToken cancellationToken)
    {
        while (_contentLeft > 0)
        {
            if (!_isReading || _buffer.IsEmpty)
            {
                await ReadAsync(cancellationToken);
            }

            if (_buffer.IsEmpty && _isCompleted)
            {
                Fail(EndedWithinMessage());
                return false;
            }

            var skipped = Math.Min(_contentLeft, _buffer.Length);
            _buffer = _buffer.Slice(skipped);
            _contentLeft -= skipped;
        }

        return true;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> MorePlainAsync(CancellationToken cancellationToken)
    {
        var before = _buffer.Length;
        while (_buffer.Length == before)
        {
            if (_isCompleted)
            {
                Fail(EndedWithinMessage());
                return false;
            }

            await ReadAsync(cancellationToken);
        }

        SetPlainContent();
        return true;
    }

    private async ValueTask<bool> MoreDecompressedAsync(CompressedContent compressed, CancellationToken cancellationToken)
    {
        if (await compressed.ReadAsync(cancellationToken))
        {
            // A message is there when its frame is: the compressed bytes may end before it.
            Content = compressed.Content;
            IsContentWhole = compressed.IsWhole;
            return !IsContentWhole || await SkipContentAsync(cancellationToken);
        }

        if (Fault.IsOk)
        {
            Fail(compressed.Fault);
        }

        return false;
    }

    private ProtocolStatus EndedWithinMessage() => ProtocolStatus.Internal(
        $"The request stream ended within a message; {_contentLeft - _buffer.Length} of its bytes are missing.");

    private GrpcRead Fail(in ProtocolStatus fault)
    {
        Fault = fault;
        return GrpcRead.Failed;
    }

    /// <summary>Takes compressed bytes of the message as they arrive; 0 at its end, or when the stream breaks off.</summary>
    private async ValueTask<int> ReadCompressedAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        if (_contentLeft == 0)
        {
            return 0;
        }

        if (!_isReading || _buffer.IsEmpty)
        {
            await ReadAsync(cancellationToken);
            if (_buffer.IsEmpty)
            {
                Fail(EndedWithinMessage());
                return 0;
            }
        }

        var count = (int)Math.Min(Math.Min(_contentLeft, _buffer.Length), destination.Length);
        _buffer.Slice(0, count).CopyTo(destination.Span);
        _buffer = _buffer.Slice(count);
        _contentLeft -= count;
        return count;
    }

    /// <summary>The plain bytes of one compressed message, never more of them than the limit allows.</summary>
    private sealed class CompressedContent
    {
        // Plain bytes decompressed at a time.
        private const int ChunkBytes = 32 << 10;

        private readonly GrpcMessageLimit _limit;
        private readonly GrpcEncoding _encoding;
        private readonly PipeReader _plain;
        private long _consumed;
        private bool _isReading;

        public CompressedContent(GrpcMessageReader source, GrpcEncoding encoding, GrpcMessageLimit limit)
        {
            _limit = limit;
            _encoding = encoding;
            _plain = PipeReader.Create(
                GrpcEncodings.Decompress(encoding, new CompressedBytes(source)), new StreamPipeReaderOptions(bufferSize: ChunkBytes));
        }

        public ReadOnlySequence<byte> Content { get; private set; }

        public bool IsWhole { get; private set; }

        public ProtocolStatus Fault { get; private set; }

        public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
        {
            if (_isReading)
            {
                _isReading = false;
                _plain.AdvanceTo(Content.Start, Content.End);
            }

            try
            {
                var result = await _plain.ReadAsync(cancellationToken);
                _isReading = true;
                Content = result.Buffer;
                IsWhole = result.IsCompleted;
            }
            catch (Exception exception) when (CompressionFault.Is(exception))
            {
                Fault = ProtocolStatus.Internal(
                    $"A message could not be decompressed: it is not {GrpcEncodings.NameOf(_encoding)}, as the grpc-encoding header says.");
                return false;
            }

            if (_consumed + Content.Length > _limit.Bytes)
            {
                Fault = _limit.Exceeded(_consumed + Content.Length);
                return false;
            }

            return true;
        }

        public void Consume(SequencePosition position)
        {
            _consumed += Content.Slice(0, position).Length;
            Content = Content.Slice(position);
        }

        public void Close()
        {
            if (_isReading)
            {
                _plain.AdvanceTo(Content.Start);
            }

            _plain.Complete();
        }
    }

    /// <summary>The compressed bytes of one message, as the stream that a decompressor reads.</summary>
    private sealed class CompressedBytes(GrpcMessageReader source) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            source.ReadCompressedAsync(buffer, cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();
    }
}
