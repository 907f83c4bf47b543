namespace Bedplate.Inference.Scheduling;

/// <summary>
/// A source of executions: one served version. The <see cref="ComputeGate"/> decides whose turn it is; the flow
/// decides what to run.
/// </summary>
internal abstract class ComputeFlow
{
    /// <summary>Share of the compute budget relative to other flows when all have work.</summary>
    public double Weight { get; init; } = 1.0;

    /// <summary>Whether its runs are short enough for the express permits. Measured, so it may change at any moment.</summary>
    public abstract bool IsShort { get; }

    /// <summary>What the next piece of work is expected to take, in timestamp ticks.</summary>
    public abstract long ExpectedTicks { get; }

    /// <summary>
    /// Claims the next piece of work; null when there is none to do now. Called by compute threads, by several at a
    /// time. A flow that has still more calls <see cref="ComputeGate.NotifyReady"/> itself.
    /// </summary>
    public abstract IComputeWork? TryTake();

    /// <summary>Compute time received, divided by weight; guarded by the gate's lock.</summary>
    internal double VirtualTime { get; set; }

    /// <summary>Whether it stands in the gate's ready list; guarded by the gate's lock.</summary>
    internal bool IsReady { get; set; }
}

/// <summary>A claimed piece of work.</summary>
internal interface IComputeWork
{
    /// <summary>Runs it on the calling thread to the end. Does not throw.</summary>
    void Execute();
}
