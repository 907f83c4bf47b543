namespace Bedplate.Tests.TestKit.Time;

/// <summary>
/// A clock that stands still until it is advanced. Timers fire on the thread that advances, in the order in which they
/// are due.
/// </summary>
public sealed class ManualTimeProvider : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _armed = [];
    private TaskCompletionSource _isArmed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    /// <inheritdoc/>
    public override long GetTimestamp() => GetUtcNow().Ticks;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Ends when somebody waits on a timer, which is when advancing can have an effect.</summary>
    public Task WhenArmedAsync()
    {
        lock (_lock)
        {
            return _isArmed.Task;
        }
    }

    /// <summary>Moves the clock and fires what is due on the way.</summary>
    public void Advance(TimeSpan time)
    {
        var end = GetUtcNow() + time;
        while (TakeDue(end) is { } timer)
        {
            timer.Fire();
        }
    }

    private ManualTimer? TakeDue(DateTimeOffset end)
    {
        lock (_lock)
        {
            var timer = _armed.Where(timer => timer.Due <= end).MinBy(timer => timer.Due);
            if (timer is null)
            {
                _now = end;
                return null;
            }

            _now = timer.Due > _now ? timer.Due : _now;
            Disarm(timer);
            if (timer.Period > TimeSpan.Zero)
            {
                Arm(timer, _now + timer.Period);
            }

            return timer;
        }
    }

    private void Arm(ManualTimer timer, DateTimeOffset due)
    {
        timer.Due = due;
        _armed.Add(timer);
        _isArmed.TrySetResult();
    }

    private void Disarm(ManualTimer timer)
    {
        if (_armed.Remove(timer) && _armed.Count == 0)
        {
            _isArmed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private sealed class ManualTimer(ManualTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        public DateTimeOffset Due { get; set; }

        public TimeSpan Period { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
            {
                clock.Disarm(this);
                Period = period > TimeSpan.Zero ? period : TimeSpan.Zero;
                if (dueTime == TimeSpan.Zero)
                {
                    // Due already: it does not wait for the clock to move.
                    ThreadPool.QueueUserWorkItem(_ => Fire());
                }
                else if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    clock.Arm(this, clock._now + dueTime);
                }

                return true;
            }
        }

        public void Dispose()
        {
            lock (clock._lock)
            {
                clock.Disarm(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
