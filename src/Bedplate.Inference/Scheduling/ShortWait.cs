using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Bedplate.Inference.Scheduling;

/// <summary>
/// A timer for waits below what the system's timers resolve. One thread, started at the first use, that sleeps with
/// the operating system's high-resolution sleep where there is one.
/// </summary>
internal sealed partial class ShortWait(Action callback) : IDisposable
{
    /// <summary>Waits from here on belong to an ordinary timer.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(4);

    private readonly object _lock = new();
    private Thread? _thread;
    private long _due = long.MaxValue;
    private bool _stopped;

    /// <summary>Calls back after <paramref name="wait"/>; an earlier call that is still to come stays.</summary>
    public void Set(TimeSpan wait)
    {
        var due = Stopwatch.GetTimestamp() + (long)(Math.Max(0, wait.TotalSeconds) * Stopwatch.Frequency);
        lock (_lock)
        {
            _due = Math.Min(_due, due);
            if (_thread is null)
            {
                _thread = new Thread(Run) { IsBackground = true, Name = "short waits" };
                _thread.Start();
            }

            Monitor.Pulse(_lock);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _stopped = true;
            Monitor.Pulse(_lock);
        }

        _thread?.Join();
    }

    private void Run()
    {
        while (true)
        {
            long due;
            lock (_lock)
            {
                while (_due == long.MaxValue && !_stopped)
                {
                    Monitor.Wait(_lock);
                }

                if (_stopped)
                {
                    return;
                }

                due = _due;
            }

            // A shorter wait set meanwhile is at most Longest late; what is set here is of one order of magnitude.
            var remaining = due - Stopwatch.GetTimestamp();
            if (remaining > 0)
            {
                Sleep(remaining);
                continue;
            }

            lock (_lock)
            {
                _due = long.MaxValue;
            }

            callback();
        }
    }

    private static unsafe void Sleep(long ticks)
    {
        if (OperatingSystem.IsWindows())
        {
            Thread.Sleep(0);
            return;
        }

        var nanoseconds = ticks * (1_000_000_000 / (double)Stopwatch.Frequency);
        var wait = stackalloc nint[2] { 0, (nint)nanoseconds };
        _ = NanoSleep(wait, null);
    }

    /// <summary>nanosleep(2): struct timespec is two words, seconds and nanoseconds.</summary>
    [LibraryImport("libc", EntryPoint = "nanosleep")]
    private static unsafe partial int NanoSleep(nint* wait, nint* remaining);
}
