using System.Diagnostics;

namespace Bedplate.Inference.Scheduling;

/// <summary>
/// The one compute budget of the process. At most <see cref="Permits"/> executions run at a time, whatever the number
/// of models and instances; a few express permits beyond that are for models whose runs are short. When more flows
/// have work than there are permits, the one that has received the least compute time for its weight goes next
/// (start-time fair queueing), so that two saturated models get what their weights say.
/// </summary>
/// <remarks>
/// All state is guarded by <see cref="_lock"/>, which is held for a few dozen instructions and never across a run. A
/// request that is run on the thread that decoded it takes a permit too.
/// </remarks>
internal sealed class ComputeGate : IDisposable
{
    private readonly object _lock = new();
    private readonly List<ComputeFlow> _ready = [];
    private readonly List<Thread> _threads = [];
    private readonly TimeProvider _time;
    private int _running;
    private int _expressRunning;
    private int _idleThreads;
    private double _virtualNow;
    private bool _stopped;

    public ComputeGate(int permits, TimeProvider time)
    {
        _time = time;
        Permits = permits;
        ExpressPermits = (permits + 1) / 2;
        for (var i = 0; i < permits + ExpressPermits; i++)
        {
            var thread = new Thread(RunThread) { IsBackground = true, Name = $"compute {i}" };
            _threads.Add(thread);
            thread.Start();
        }
    }

    /// <summary>Executions that may run at a time.</summary>
    public int Permits { get; }

    /// <summary>Further executions that may run when they belong to short flows.</summary>
    public int ExpressPermits { get; }

    /// <summary>Permits not taken now; a hint, as it may change at once.</summary>
    public int FreePermits => Math.Max(0, Permits - Volatile.Read(ref _running));

    /// <summary>Says that a flow has work. Cheap when it was known already.</summary>
    public void NotifyReady(ComputeFlow flow)
    {
        lock (_lock)
        {
            if (flow.IsReady)
            {
                return;
            }

            flow.IsReady = true;

            // A flow that was idle has no claim on the time it did not use.
            flow.VirtualTime = Math.Max(flow.VirtualTime, _virtualNow);
            _ready.Add(flow);
            WakeOne();
        }
    }

    /// <summary>
    /// Takes a permit for a run on the calling thread, if one is free and nobody who waits would be passed over.
    /// </summary>
    public bool TryEnterInline(bool isShort, out ComputePermit permit)
    {
        lock (_lock)
        {
            if (_running < Permits && _ready.Count == 0)
            {
                _running++;
                permit = ComputePermit.Normal;
                return true;
            }

            if (isShort && _expressRunning < ExpressPermits)
            {
                _expressRunning++;
                permit = ComputePermit.Express;
                return true;
            }
        }

        permit = default;
        return false;
    }

    /// <summary>Gives the permit of <see cref="TryEnterInline"/> back and accounts for the time used.</summary>
    public void ExitInline(ComputeFlow flow, ComputePermit permit, long elapsedTicks)
    {
        lock (_lock)
        {
            flow.VirtualTime = Math.Max(flow.VirtualTime, _virtualNow) + elapsedTicks / flow.Weight;
            Release(permit);
            WakeOne();
        }
    }

    /// <summary>Ends the threads after what they run now. Work not yet taken stays where it is.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _stopped = true;
            Monitor.PulseAll(_lock);
        }

        foreach (var thread in _threads)
        {
            thread.Join();
        }
    }

    private void RunThread()
    {
        ThreadPriorities.LowerCurrent(ThreadPriorities.ComputeNiceness);
        var permit = ComputePermit.None;
        while (WaitForTurn(ref permit, out var flow))
        {
            var expected = flow.ExpectedTicks;
            var work = flow.TryTake();
            if (work is null)
            {
                continue;
            }

            // Charged beforehand, so that several threads do not all pick the same flow; corrected afterwards.
            Charge(flow, expected);
            var start = _time.GetTimestamp();
            work.Execute();
            Charge(flow, _time.GetTimestamp() - start - expected);
        }
    }

    private void Charge(ComputeFlow flow, long ticks)
    {
        lock (_lock)
        {
            flow.VirtualTime += ticks / flow.Weight;
        }
    }

    // Gives back the permit of the last turn and takes one for the next under one lock, so that a thread that can
    // simply go on wakes nobody.
    private bool WaitForTurn(ref ComputePermit permit, out ComputeFlow flow)
    {
        lock (_lock)
        {
            if (permit != ComputePermit.None)
            {
                Release(permit);
                permit = ComputePermit.None;
            }

            while (!_stopped)
            {
                if (TryPick(out flow!, out permit))
                {
                    // Others may be able to go as well; each woken thread wakes the next.
                    WakeOne();
                    return true;
                }

                _idleThreads++;
                Monitor.Wait(_lock);
                _idleThreads--;
            }
        }

        flow = null!;
        return false;
    }

    private bool TryPick(out ComputeFlow? flow, out ComputePermit permit)
    {
        flow = null;
        permit = ComputePermit.None;
        var shortOnly = _running >= Permits;
        if (shortOnly && _expressRunning >= ExpressPermits)
        {
            return false;
        }

        // Whether a flow is short is measured while this goes on, so it is asked once and not taken from CanAnyGo.
        var best = -1;
        for (var i = 0; i < _ready.Count; i++)
        {
            if ((best < 0 || _ready[i].VirtualTime < _ready[best].VirtualTime) && (!shortOnly || _ready[i].IsShort))
            {
                best = i;
            }
        }

        if (best < 0)
        {
            return false;
        }

        flow = _ready[best];
        flow.IsReady = false;
        _ready[best] = _ready[^1];
        _ready.RemoveAt(_ready.Count - 1);
        _virtualNow = Math.Max(_virtualNow, flow.VirtualTime);
        permit = shortOnly ? ComputePermit.Express : ComputePermit.Normal;
        _ = shortOnly ? _expressRunning++ : _running++;
        return true;
    }

    // For whom to wake: a woken thread looks again.
    private bool CanAnyGo()
    {
        if (_running < Permits)
        {
            return _ready.Count > 0;
        }

        if (_expressRunning < ExpressPermits)
        {
            foreach (var flow in _ready)
            {
                if (flow.IsShort)
                {
                    return true;
                }
            }
        }

        return false;
    }

    private void Release(ComputePermit permit)
    {
        Debug.Assert(permit != ComputePermit.None, "A permit is released by whoever took it.");
        _ = permit == ComputePermit.Express ? _expressRunning-- : _running--;
    }

    private void WakeOne()
    {
        if (_idleThreads > 0 && CanAnyGo())
        {
            Monitor.Pulse(_lock);
        }
    }
}

/// <summary>Which kind of permit a run holds.</summary>
internal enum ComputePermit : byte
{
    None = 0,
    Normal,
    Express,
}
