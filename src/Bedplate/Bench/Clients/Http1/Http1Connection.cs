using Bedplate.Bench.Clients.Sockets;
using Bedplate.Bench.Measurement;

namespace Bedplate.Bench.Clients.Http1;

/// <summary>
/// One keep-alive connection and at most one request on it. When it breaks it stays closed until the next request.
/// </summary>
internal sealed class Http1Connection(Http1Channel channel) : Connection(channel.Dialer, channel.Poller)
{
    private readonly Http1ResponseParser _parser = new();
    private Exchange? _exchange;
    private ReadOnlyMemory<byte> _unsent;

    /// <summary>Sends a request, at once or as soon as the connection stands.</summary>
    public void Send(Exchange exchange)
    {
        _exchange = exchange;
        exchange.Carrier = this;
        _unsent = exchange.Request.Bytes;
        _parser.Reset(channel.Observer.WantsAnswers);
        if (Transport is null)
        {
            Open();
        }
        else if (IsEstablished)
        {
            OnWritable();
        }
    }

    /// <summary>Gives up on the request; its answer may still come, so the connection cannot be kept.</summary>
    public void Abandon()
    {
        _exchange = null;
        _unsent = default;
        Close();
        channel.Idle(this);
    }

    /// <inheritdoc/>
    protected override void OnEstablished()
    {
        if (_exchange is not null)
        {
            OnWritable();
        }
    }

    /// <inheritdoc/>
    protected override void OnWritable()
    {
        var progress = Transport!.HasUnsent ? Transport.Flush() : Progress.Done;
        if (progress == Progress.Done && !_unsent.IsEmpty)
        {
            progress = Transport.Send(_unsent, out var count);
            _unsent = _unsent[count..];
        }

        // When writing failed, reading says so too, but after what the server may have said before it closed.
        WatchWritable(progress == Progress.WouldBlock);
    }

    /// <inheritdoc/>
    protected override void OnReadable()
    {
        var buffer = channel.ReceiveBuffer;
        do
        {
            var progress = Transport!.Receive(buffer, out var count);
            if (progress == Progress.WouldBlock)
            {
                return;
            }

            if (progress == Progress.Ended)
            {
                OnEndOfStream();
                return;
            }

            if (_exchange is null)
            {
                Break(OutcomeKind.Malformed, "The server sent bytes without a request.");
                return;
            }

            if (_exchange.FirstByteAt == 0)
            {
                _exchange.FirstByteAt = MonotonicClock.Now;
            }

            switch (_parser.Feed(buffer.AsSpan(0, count)))
            {
                case ParseResult.Complete:
                    Complete();
                    return;
                case ParseResult.Malformed:
                    Break(OutcomeKind.Malformed, $"The answer is not proper HTTP: {_parser.Fault}.");
                    return;
            }
        }
        while (Transport.HoldsReceived);
    }

    /// <inheritdoc/>
    protected override void OnBroken(OutcomeKind kind, string cause)
    {
        _unsent = default;

        // An idle connection breaks unnoticed; the next request will open it again.
        if (_exchange is not null)
        {
            End(ExchangeEnd.Broken(kind, cause));
        }
    }

    private void OnEndOfStream()
    {
        if (_exchange is not null && _parser.CompletesAtEnd())
        {
            Complete();
        }
        else
        {
            Break(OutcomeKind.ConnectionLost, Transport!.Failure ?? "The server closed the connection.");
        }
    }

    private void Complete()
    {
        // An answer before the request was all sent (413, say) leaves the rest of the request on the way.
        if (!_parser.KeepsAlive || !_unsent.IsEmpty || Transport!.HasUnsent)
        {
            _unsent = default;
            Close();
        }

        End(_parser.Status == 200
            ? ExchangeEnd.Answer(_parser.Body, _parser.JsonLength)
            : ExchangeEnd.Refused(new Outcome(OutcomeKind.HttpStatus, _parser.Status), _parser.Body));
    }

    private void End(in ExchangeEnd end)
    {
        var exchange = _exchange!;
        _exchange = null;

        // Free before the call: the observer may send its next request on this very connection.
        channel.Idle(this);
        channel.Observer.OnEnded(exchange, end);
    }
}
