using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Bedplate.Bench.Clients.Sockets;

/// <summary>
/// TLS by .NET's <see cref="SslStream"/>, driven by readiness: its asynchronous calls run over a
/// <see cref="ReadinessStream"/>, so each of them has either completed when it returns or completes inside a later
/// <see cref="ReadinessStream.OnReadable"/>; nothing is ever awaited and no other thread is involved.
/// </summary>
internal sealed class TlsTransport : Transport
{
    // The largest TLS record's payload (RFC 8446 section 5.1).
    private const int RecordSize = 16 * 1024;

    private readonly ReadinessStream _cipher;
    private readonly SslStream _tls;
    private readonly SslClientAuthenticationOptions _options;
    private readonly byte[] _plain = new byte[RecordSize];
    private Task? _handshake;
    private ValueTask<int> _read;
    private bool _reading;
    private int _plainStart;
    private int _plainEnd;

    public TlsTransport(EndPoint endPoint, SslClientAuthenticationOptions options)
        : base(endPoint)
    {
        _options = options;
        _cipher = new ReadinessStream(Socket);
        _tls = new SslStream(_cipher, leaveInnerStreamOpen: true);
    }

    /// <inheritdoc/>
    public override bool HasUnsent => _cipher.HasUnsent;

    /// <inheritdoc/>
    public override bool HoldsReceived => true;

    /// <inheritdoc/>
    public override Progress Establish()
    {
        if (_handshake is null)
        {
            var connected = base.Establish();
            if (connected != Progress.Done)
            {
                return connected;
            }

            _handshake = _tls.AuthenticateAsClientAsync(_options, CancellationToken.None);
        }
        else
        {
            _cipher.OnReadable();
        }

        if (Flush() == Progress.Ended)
        {
            return Progress.Ended;
        }

        if (!_handshake.IsCompleted)
        {
            return Progress.WouldBlock;
        }

        if (_handshake.IsCompletedSuccessfully)
        {
            return Progress.Done;
        }

        var cause = _handshake.Exception?.InnerException;
        Failure = cause is AuthenticationException
            ? $"TLS: {cause.Message} (--tls-ca-file names an authority to trust, --tls-skip-verify trusts any)"
            : $"TLS handshake: {cause?.Message}";
        return Progress.Ended;
    }

    /// <inheritdoc/>
    public override Progress Receive(Span<byte> destination, out int count)
    {
        count = 0;
        if (_plainStart == _plainEnd)
        {
            var progress = Fill();
            if (progress != Progress.Done)
            {
                return progress;
            }
        }

        count = Math.Min(destination.Length, _plainEnd - _plainStart);
        _plain.AsSpan(_plainStart, count).CopyTo(destination);
        _plainStart += count;
        return Progress.Done;
    }

    /// <inheritdoc/>
    public override Progress Send(ReadOnlyMemory<byte> source, out int count)
    {
        count = source.Length;
        var write = _tls.WriteAsync(source, CancellationToken.None);
        if (write.IsCompletedSuccessfully)
        {
            write.GetAwaiter().GetResult();
            return _cipher.HasUnsent ? Progress.WouldBlock : Progress.Done;
        }

        // The inner stream never leaves a write pending, so what is not a success is a failure.
        Failure = write.AsTask().Exception?.InnerException?.Message ?? "The TLS stream did not take a write.";
        return Progress.Ended;
    }

    /// <inheritdoc/>
    public override Progress Flush()
    {
        switch (_cipher.SendUnsent())
        {
            case SocketError.Success:
                return Progress.Done;
            case SocketError.WouldBlock:
                return Progress.WouldBlock;
            case var error:
                Failure = new SocketException((int)error).Message;
                return Progress.Ended;
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        // Frees OpenSSL's memory; it sends no close_notify, as that may have to wait.
        _tls.Dispose();
        _cipher.Dispose();
        base.Dispose();
    }

    private Progress Fill()
    {
        if (!_reading)
        {
            // Kept rather than awaited, because nothing here may wait: it is looked at when the socket was readable, and
            // its result is taken once.
#pragma warning disable CA2012
            _read = _tls.ReadAsync(_plain, CancellationToken.None);
#pragma warning restore CA2012
            _reading = true;
        }
        else
        {
            _cipher.OnReadable();
        }

        if (!_read.IsCompleted)
        {
            return Progress.WouldBlock;
        }

        _reading = false;
        try
        {
            _plainStart = 0;
            _plainEnd = _read.GetAwaiter().GetResult();
        }
        catch (IOException exception)
        {
            Failure = exception.Message;
            _plainEnd = 0;
        }

        return _plainEnd > 0 ? Progress.Done : Progress.Ended;
    }
}
