using System.Net.Sockets;
using System.Threading.Tasks.Sources;

namespace Bedplate.Bench.Clients.Sockets;

/// <summary>
/// The ciphertext side under an <see cref="System.Net.Security.SslStream"/>: reads complete inside
/// <see cref="OnReadable"/>, on the poller's thread, with the continuation run inline; so TLS stays on that thread
/// too. Writes always complete: what the socket does not take is kept here until <see cref="SendUnsent"/>, bounded by what
/// the connection hands over before it waits for writability (one request, or one HTTP/2 output buffer).
/// </summary>
internal sealed class ReadinessStream(Socket socket) : Stream, IValueTaskSource<int>
{
    private ManualResetValueTaskSourceCore<int> _readSource;
    private Memory<byte> _readDestination;
    private bool _readPending;
    private byte[] _unsent = [];
    private int _unsentStart;
    private int _unsentEnd;

    /// <summary>Whether bytes wait for the socket to be writable.</summary>
    public bool HasUnsent => _unsentEnd > _unsentStart;

    /// <summary>Completes a pending read when the socket now has bytes, its end or an error.</summary>
    public void OnReadable()
    {
        if (!_readPending)
        {
            return;
        }

        var count = socket.Receive(_readDestination.Span, SocketFlags.None, out var error);
        if (error == SocketError.WouldBlock)
        {
            return;
        }

        _readPending = false;
        _readDestination = default;
        if (error == SocketError.Success)
        {
            _readSource.SetResult(count);
        }
        else
        {
            _readSource.SetException(new IOException(new SocketException((int)error).Message));
        }
    }

    /// <summary>Sends on what is kept; the error, if the socket has one, shows at the next read as well.</summary>
    public SocketError SendUnsent()
    {
        while (HasUnsent)
        {
            var count = socket.Send(_unsent.AsSpan(_unsentStart, _unsentEnd - _unsentStart), SocketFlags.None, out var error);
            if (error != SocketError.Success)
            {
                return error;
            }

            _unsentStart += count;
        }

        _unsentStart = _unsentEnd = 0;
        return SocketError.Success;
    }

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
        {
            return new(0);
        }

        var count = socket.Receive(buffer.Span, SocketFlags.None, out var error);
        switch (error)
        {
            case SocketError.Success:
                return new(count);
            case SocketError.WouldBlock:
                _readSource.Reset();
                _readDestination = buffer;
                _readPending = true;
                return new(this, _readSource.Version);
            default:
                return ValueTask.FromException<int>(new IOException(new SocketException((int)error).Message));
        }
    }

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!HasUnsent)
        {
            var count = socket.Send(buffer.Span, SocketFlags.None, out var error);
            if (error is not (SocketError.Success or SocketError.WouldBlock))
            {
                return ValueTask.FromException(new IOException(new SocketException((int)error).Message));
            }

            buffer = buffer[Math.Max(count, 0)..];
        }

        Keep(buffer.Span);
        return ValueTask.CompletedTask;
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _unsent.Length - _unsentEnd)
        {
            var grown = new byte[Math.Max(_unsentEnd + bytes.Length, _unsent.Length * 2)];
            _unsent.AsSpan(_unsentStart, _unsentEnd - _unsentStart).CopyTo(grown);
            _unsentEnd -= _unsentStart;
            _unsentStart = 0;
            _unsent = grown;
        }

        bytes.CopyTo(_unsent.AsSpan(_unsentEnd));
        _unsentEnd += bytes.Length;
    }

    int IValueTaskSource<int>.GetResult(short token) => _readSource.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _readSource.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _readSource.OnCompleted(continuation, state, token, flags);

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override void Flush()
    {
        // WriteAsync hands everything to the socket already; what the socket refused waits for SendUnsent.
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();
}
