using Bedplate.Bench.Clients;
using Bedplate.Bench.Clients.OpenInference;
using Bedplate.Bench.Clients.Sockets;
using Bedplate.Bench.Measurement;
using Bedplate.Bench.Verification;

namespace Bedplate.Bench.Load;

/// <summary>
/// One load thread: a loop over send, wait for sockets, take answers, that alone owns its connections, its requests
/// in flight and its records. Only <see cref="LevelShare"/> and the finished records pass between it and the generator.
/// </summary>
internal sealed class LoadWorker : IExchangeObserver, IDisposable
{
    // The longest wait without a look at the generator's wishes.
    private const long LongestWait = 20 * MonotonicClock.NanosecondsPerMillisecond;

    // After a failed connect a closed loop pauses, or it would do nothing but fail.
    private const long ConnectPause = 100 * MonotonicClock.NanosecondsPerMillisecond;

    // A thread wakes up to some 150 µs late, the later the longer it slept. So it sleeps until shortly before a request
    // is due and polls the rest of the time; never more than a twentieth of the gap, so that pacing costs at most that
    // share of a core.
    private const long LongestSpin = 200_000;
    private const double SpinShareOfGap = 0.05;

    // Sends at most so many due requests between two looks at the sockets: answers are timed when they are read.
    private const int LargestBurst = 32;

    // Connections made ahead in an open loop; more are made when so many requests are in flight.
    private const int PreparedRequests = 32;

    private readonly IReadOnlyList<RenderedRequest> _requests;
    private readonly Verifier? _verifier;
    private readonly long _timeout;
    private readonly long _deadline;
    private readonly int _numberStep;
    private readonly Poller _poller;
    private readonly RequestChannel _channel;
    private readonly ExchangeQueue _inFlight = new();
    private readonly Stack<Exchange> _idle = new();
    private readonly Thread _thread;
    private LevelShare? _offered;
    private volatile bool _disposed;

    private LevelShare? _share;
    private LoadRecord _record = new();
    private LoadRecord _carried = new();
    private int _windowIndex;
    private long _windowStart;
    private long _windowEnd;
    private long _waited;
    private long _spin;
    private long _number;
    private long _retryAt;
    private long _blockedAt;

    /// <summary>Starts the thread; it waits for <see cref="Begin"/>.</summary>
    public LoadWorker(
        int index,
        BenchOptions options,
        IReadOnlyList<RenderedRequest> requests,
        Verifier? verifier,
        Func<Poller, IExchangeObserver, RequestChannel> createChannel)
    {
        _requests = requests;
        _verifier = verifier;
        _timeout = Nanoseconds(options.Timeout);
        _deadline = options.Deadline is { } deadline ? Nanoseconds(deadline) : long.MaxValue;
        _number = index;
        _numberStep = options.Threads;
        _poller = Poller.Create();
        _channel = createChannel(_poller, this);
        _thread = new Thread(Run) { IsBackground = true, Name = $"bench load {index}" };
        _thread.Start();
    }

    /// <inheritdoc/>
    public bool WantsAnswers => _verifier is not null;

    /// <summary>Hands the thread its share of the next level; the one before has ended.</summary>
    public void Begin(LevelShare share) => Volatile.Write(ref _offered, share);

    /// <inheritdoc/>
    public void OnEnded(Exchange exchange, in ExchangeEnd end)
    {
        var now = MonotonicClock.Now;
        _inFlight.Remove(exchange);
        var outcome = end.Outcome;
        if (outcome.Kind == OutcomeKind.Answered && _verifier is not null && !_verifier.IsRight(exchange, end))
        {
            outcome = new Outcome(OutcomeKind.WrongAnswer);
        }

        Count(_record, exchange, outcome, end, now);
        if (exchange.DueAt < _windowStart)
        {
            Count(_carried, exchange, outcome, end, now);
        }

        _idle.Push(exchange);
        if (end.Outcome.Kind == OutcomeKind.Answered)
        {
            // At once and not at the loop's next turn: the other answers of this turn would delay it.
            if (_share is { Schedule: null } share && now < share.StopAt)
            {
                Send(now);
            }
        }
        else if (outcome.Kind == OutcomeKind.ConnectFailed)
        {
            _retryAt = now + ConnectPause;
        }
    }

    /// <summary>Ends the thread and its connections.</summary>
    public void Dispose()
    {
        _disposed = true;
        _thread.Join();
    }

    private void Run()
    {
        try
        {
            while (!_disposed)
            {
                if (_share is null)
                {
                    TakeShare();
                }
                else
                {
                    Turn(_share);
                }
            }
        }
        catch (Exception exception)
        {
            // A bug, not a failed request: it ends the run, with its stack, where the generator waits for reports.
            _share?.Reports.TryComplete(exception);
        }

        _channel.Dispose();
        _poller.Dispose();
    }

    private void TakeShare()
    {
        var share = Interlocked.Exchange(ref _offered, null);
        if (share is null)
        {
            // Also notices idle connections that the server closes.
            _poller.Poll(LongestWait / 4);
            return;
        }

        _share = share;
        _windowIndex = -1;
        _record = new LoadRecord();
        _carried = new LoadRecord();
        _windowStart = share.StartAt;
        _windowEnd = share.MeasureFrom;
        _waited = 0;
        _retryAt = 0;
        _blockedAt = 0;
        _spin = share.Schedule is null ? 0 : (long)Math.Min(LongestSpin, share.Schedule.MeanGapNanoseconds * SpinShareOfGap);
        if (share.Schedule is not null)
        {
            _channel.Prepare(Math.Min(share.InFlight, PreparedRequests));
        }
    }

    private void Turn(LevelShare share)
    {
        var now = MonotonicClock.Now;
        Expire(now);
        var isStopped = now >= share.StopAt;
        if (isStopped)
        {
            if (IsDrained(share, now))
            {
                Finish(share, now);
                return;
            }
        }
        else
        {
            while (now >= _windowEnd)
            {
                CloseWindow(share, now);
            }
        }

        if (share.Schedule is not null)
        {
            SendDue(share, now, isStopped);
        }
        else if (!isStopped && now >= share.StartAt)
        {
            while (_inFlight.Count < share.InFlight && _retryAt <= now)
            {
                Send(now);
            }
        }

        _channel.Flush();
        now = MonotonicClock.Now;
        _waited += _poller.Poll(WaitTime(share, now, isStopped)) - now;
    }

    /// <summary>How long nothing needs this thread but an answer.</summary>
    private long WaitTime(LevelShare share, long now, bool isStopped)
    {
        var until = now + LongestWait;
        if (!isStopped)
        {
            until = Math.Min(until, _windowEnd);
        }

        if (_inFlight.First is { } first)
        {
            until = Math.Min(until, first.SentAt + _timeout);
        }

        if (share.Schedule is not null && _inFlight.Count < share.InFlight && MaySend(share, isStopped, now))
        {
            until = Math.Min(until, share.StartAt + share.Schedule.Next - _spin);
        }
        else if (now < share.StartAt)
        {
            until = Math.Min(until, share.StartAt);
        }

        return Math.Max(0, until - now);
    }

    /// <summary>
    /// Whether the next request of the schedule is to be sent at all: after the stop, only what was due before.
    /// </summary>
    private bool MaySend(LevelShare share, bool isStopped, long now) =>
        !isStopped || (share.StartAt + share.Schedule!.Next < _windowStart && now < share.SendUntil);

    private bool IsDrained(LevelShare share, long now) =>
        now >= share.DrainUntil
        || (_inFlight.Count == 0 && (share.Schedule is null || !MaySend(share, isStopped: true, now)));

    private void SendDue(LevelShare share, long now, bool isStopped)
    {
        for (var sent = 0; sent < LargestBurst && MaySend(share, isStopped, now); sent++)
        {
            var due = share.StartAt + share.Schedule!.Next;
            if (due > now)
            {
                return;
            }

            if (_inFlight.Count >= share.InFlight)
            {
                _blockedAt = now;
                return;
            }

            share.Schedule.Advance();
            Send(due);
        }
    }

    private void Send(long due)
    {
        var exchange = _idle.TryPop(out var idle) ? idle : new Exchange();
        exchange.Number = _number;
        exchange.InputIndex = (int)(_number % _requests.Count);
        exchange.Request = _requests[exchange.InputIndex];
        exchange.FirstByteAt = 0;
        _number += _numberStep;
        exchange.SentAt = MonotonicClock.Now;
        if (_share!.Schedule is null)
        {
            exchange.DueAt = exchange.SentAt;
        }
        else
        {
            exchange.DueAt = due;
            CountSend(_record, exchange);
            if (due < _windowStart)
            {
                CountSend(_carried, exchange);
            }
        }

        _inFlight.Append(exchange);
        _record.Sent++;
        _channel.Send(exchange);
    }

    private void CountSend(LoadRecord record, Exchange exchange)
    {
        record.SendLag.Record(exchange.SentAt - exchange.DueAt);
        record.HeldBack += exchange.DueAt <= _blockedAt ? 1 : 0;
    }

    private void Expire(long now)
    {
        while (_inFlight.First is { } first && first.SentAt + _timeout <= now)
        {
            _channel.Abandon(first);
            OnEnded(first, ExchangeEnd.Broken(OutcomeKind.TimedOut, "No answer within --timeout-ms."));
        }
    }

    private void Count(LoadRecord record, Exchange exchange, Outcome outcome, in ExchangeEnd end, long now)
    {
        var latency = now - exchange.DueAt;
        if (outcome.Kind == OutcomeKind.Answered)
        {
            record.RecordAnswer(latency, now - exchange.FirstByteAt, latency <= _deadline);
        }
        else if (record.RecordFailure(outcome, latency))
        {
            var message = outcome.Kind == OutcomeKind.WrongAnswer ? "" : end.Cause ?? ServerMessage.Read(end.Bytes);
            record.Describe(outcome, message);
        }
    }

    private void CloseWindow(LevelShare share, long now)
    {
        Report(share, now, isLast: false);
        _windowStart = now;
        _windowIndex++;
        _windowEnd = share.MeasureFrom + (_windowIndex + 1) * share.WindowLength;
        _record = new LoadRecord();
        _carried = new LoadRecord();
        _waited = 0;
    }

    private void Finish(LevelShare share, long now)
    {
        while (_inFlight.First is { } exchange)
        {
            _channel.Abandon(exchange);
            _inFlight.Remove(exchange);
            _idle.Push(exchange);
            _carried.Abandoned += exchange.DueAt < _windowStart ? 1 : 0;
        }

        while (share.Schedule is not null && share.StartAt + share.Schedule.Next < _windowStart)
        {
            _carried.Unsent++;
            share.Schedule.Advance();
        }

        Report(share, now, isLast: true);
        _share = null;
    }

    private void Report(LevelShare share, long now, bool isLast)
    {
        _record.ElapsedNanoseconds = Math.Max(0, Math.Min(now, share.StopAt) - _windowStart);
        _record.BusyNanoseconds = Math.Max(0, now - _windowStart - _waited);
        share.Reports.TryWrite(new WindowReport(_windowIndex, _record, _carried, isLast));
    }

    private static long Nanoseconds(TimeSpan time) =>
        time.Ticks * (MonotonicClock.NanosecondsPerSecond / TimeSpan.TicksPerSecond);
}
