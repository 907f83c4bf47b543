namespace Bedplate.Inference.Scheduling;

/// <summary>
/// Wakes schedulers at the moments they asked for: when a deadline or queue timeout passes, when a batch has been
/// held back long enough. One moment per scheduler, the earliest it knows of.
/// </summary>
internal sealed class EngineClock : IDisposable
{
    // No timer takes more than 49 days. Woken before its time, a scheduler is simply waited for again.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly Lock _lock = new();
    private readonly List<ModelScheduler> _schedulers = [];
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly ShortWait? _shortWait;
    private long _armedFor = long.MaxValue;

    public EngineClock(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(static state => ((EngineClock)state!).OnTime(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        // System timers tick in milliseconds; queue delays are given in microseconds. A test's clock ticks as told.
        _shortWait = ReferenceEquals(time, TimeProvider.System) ? new ShortWait(OnTime) : null;
    }

    public void Add(ModelScheduler scheduler)
    {
        lock (_lock)
        {
            _schedulers.Add(scheduler);
        }
    }

    public void Remove(ModelScheduler scheduler)
    {
        lock (_lock)
        {
            _schedulers.Remove(scheduler);
        }
    }

    /// <summary>Asks for <see cref="ModelScheduler.OnTime"/> at this moment, or earlier if asked for that before.</summary>
    public void WakeAt(ModelScheduler scheduler, long due)
    {
        // A stale read only costs taking the lock.
        if (due == 0 || due >= Volatile.Read(ref scheduler.WakeAt))
        {
            return;
        }

        lock (_lock)
        {
            if (due < scheduler.WakeAt)
            {
                scheduler.WakeAt = due;
                Arm(due);
            }
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        _shortWait?.Dispose();
    }

    private void OnTime()
    {
        List<ModelScheduler>? due = null;
        var now = _time.GetTimestamp();
        lock (_lock)
        {
            _armedFor = long.MaxValue;
            var next = long.MaxValue;
            foreach (var scheduler in _schedulers)
            {
                if (scheduler.WakeAt <= now)
                {
                    scheduler.WakeAt = long.MaxValue;
                    (due ??= []).Add(scheduler);
                }
                else
                {
                    next = Math.Min(next, scheduler.WakeAt);
                }
            }

            if (next != long.MaxValue)
            {
                Arm(next);
            }
        }

        foreach (var scheduler in due ?? [])
        {
            scheduler.OnTime(now);
        }
    }

    private void Arm(long due)
    {
        if (due >= _armedFor)
        {
            return;
        }

        _armedFor = due;
        var wait = _time.GetElapsedTime(_time.GetTimestamp(), due);
        if (_shortWait is not null && wait < ShortWait.Longest)
        {
            _shortWait.Set(wait);
            return;
        }

        // Rounded up to the timer's milliseconds; waking early would only mean waking twice.
        wait = wait < LongestWait ? wait : LongestWait;
        _timer.Change(wait <= TimeSpan.Zero ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), Timeout.InfiniteTimeSpan);
    }
}
