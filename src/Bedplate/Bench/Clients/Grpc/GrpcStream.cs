using System.Buffers.Binary;
using System.Buffers.Text;
using Bedplate.Bench.Clients.Http2;
using Bedplate.Bench.Measurement;

namespace Bedplate.Bench.Clients.Grpc;

/// <summary>
/// One unary gRPC call ("gRPC over HTTP2", the protocol's own specification): headers, one length-prefixed message,
/// trailers with the status; or headers alone that are the trailers.
/// </summary>
internal sealed class GrpcStream(GrpcChannel channel) : Http2Stream
{
    /// <summary>A flag byte and a big-endian length before each message.</summary>
    public const int PrefixLength = 5;

    /// <summary>The largest answer accepted; all of it fits the window that the server has for a stream.</summary>
    private const uint LargestMessage = 1 << 30;

    private const int KeptOfMessage = 512;
    private const int NoStatus = -1;

    private readonly ByteBuffer _answer = new(256);
    private readonly ByteBuffer _statusMessage = new(64);
    private readonly byte[] _prefix = new byte[PrefixLength];
    private Exchange? _exchange;
    private int _httpStatus;
    private int _grpcStatus;
    private long _received;

    /// <summary>The connection it is on.</summary>
    public Http2Connection? Connection { get; private set; }

    /// <summary>Begins the call of an exchange on a connection.</summary>
    public void Start(Exchange exchange, Http2Connection connection)
    {
        _exchange = exchange;
        exchange.Carrier = this;
        Connection = connection;
        _answer.Clear();
        _statusMessage.Clear();
        _httpStatus = 0;
        _grpcStatus = NoStatus;
        _received = 0;
        connection.Start(this, exchange.Request.Bytes);
    }

    /// <summary>Gives up.</summary>
    public void Abandon()
    {
        var connection = Connection!;
        Release();
        connection.Cancel(this);
    }

    /// <inheritdoc/>
    public override void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        NoteFirstByte();
        switch (name.Length)
        {
            case 7 when name.SequenceEqual(":status"u8):
                _httpStatus = Utf8Parser.TryParse(value, out int httpStatus, out _) ? httpStatus : 0;
                break;
            case 11 when name.SequenceEqual("grpc-status"u8):
                _grpcStatus = Utf8Parser.TryParse(value, out int grpcStatus, out _) && grpcStatus >= 0
                    ? grpcStatus
                    : NoStatus;
                break;
            case 12 when name.SequenceEqual("grpc-message"u8):
                _statusMessage.Append(value[..Math.Min(value.Length, Math.Max(0, KeptOfMessage - _statusMessage.Length))]);
                break;
        }
    }

    /// <inheritdoc/>
    public override void OnData(ReadOnlySpan<byte> data)
    {
        NoteFirstByte();
        if (_received < PrefixLength)
        {
            var part = data[..(int)Math.Min(data.Length, PrefixLength - _received)];
            part.CopyTo(_prefix.AsSpan((int)_received));
            _received += part.Length;
            data = data[part.Length..];
        }

        _received += data.Length;
        if (channel.Observer.WantsAnswers && _received <= PrefixLength + (long)LargestMessage)
        {
            _answer.Append(data);
        }
    }

    /// <inheritdoc/>
    public override void OnComplete()
    {
        if (_httpStatus != 200)
        {
            End(ExchangeEnd.Refused(new Outcome(OutcomeKind.HttpStatus, _httpStatus), _statusMessage.Span));
        }
        else if (_grpcStatus == NoStatus)
        {
            End(ExchangeEnd.Broken(OutcomeKind.Malformed, "The answer has no grpc-status."));
        }
        else if (_grpcStatus != 0)
        {
            End(ExchangeEnd.Refused(new Outcome(OutcomeKind.GrpcStatus, _grpcStatus), _statusMessage.Span));
        }
        else if (FaultOfMessage() is { } fault)
        {
            End(ExchangeEnd.Broken(OutcomeKind.Malformed, fault));
        }
        else
        {
            End(ExchangeEnd.Answer(_answer.Span));
        }
    }

    /// <inheritdoc/>
    public override void OnBroken(OutcomeKind kind, string cause, int code = 0) =>
        End(ExchangeEnd.Broken(kind, cause, code));

    private string? FaultOfMessage()
    {
        if (_received < PrefixLength)
        {
            return "The answer has no message.";
        }

        if (_prefix[0] != 0)
        {
            return "The answer is compressed, which was not asked for.";
        }

        var length = BinaryPrimitives.ReadUInt32BigEndian(_prefix.AsSpan(1));
        if (length > LargestMessage)
        {
            return "The answer is larger than 1 GiB.";
        }

        return length == _received - PrefixLength
            ? null
            : $"The answer's message says {length} bytes and has {_received - PrefixLength}.";
    }

    private void NoteFirstByte()
    {
        if (_exchange is { FirstByteAt: 0 })
        {
            _exchange.FirstByteAt = MonotonicClock.Now;
        }
    }

    private void End(in ExchangeEnd end)
    {
        var exchange = _exchange!;
        Release();

        // The answer's bytes are in this stream: it is for others only once they have been looked at.
        channel.Observer.OnEnded(exchange, end);
        channel.Reuse(this);
    }

    private void Release()
    {
        _exchange = null;
        Connection = null;
    }
}
