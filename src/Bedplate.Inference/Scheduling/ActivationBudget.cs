namespace Bedplate.Inference.Scheduling;

/// <summary>
/// Keeps the intermediate results of executions that run at the same time within a bound, over all models. An
/// execution that would pass it waits until others have ended; one that is alone always runs, as admission has
/// already refused what could never fit.
/// </summary>
internal sealed class ActivationBudget(long limitBytes, ComputeGate gate)
{
    // Reserving for the small ones would cost more than it protects from.
    private const long TooSmallToCount = 8 << 20;

    private readonly Lock _lock = new();
    private readonly HashSet<ComputeFlow> _waiting = [];
    private long _reserved;

    public long Limit { get; } = limitBytes;

    /// <summary>
    /// Reserves bytes for an execution. When it says no, the flow is announced to the gate again once there may be
    /// room.
    /// </summary>
    public bool TryReserve(ComputeFlow flow, long bytes, out long reserved)
    {
        reserved = 0;
        if (bytes < TooSmallToCount)
        {
            return true;
        }

        lock (_lock)
        {
            if (_reserved != 0 && _reserved + bytes > Limit)
            {
                _waiting.Add(flow);
                return false;
            }

            _reserved += bytes;
        }

        reserved = bytes;
        return true;
    }

    /// <summary>Gives back what was reserved.</summary>
    public void Release(long reserved)
    {
        if (reserved == 0)
        {
            return;
        }

        ComputeFlow[] waiting;
        lock (_lock)
        {
            _reserved -= reserved;
            waiting = [.. _waiting];
            _waiting.Clear();
        }

        foreach (var flow in waiting)
        {
            gate.NotifyReady(flow);
        }
    }
}
