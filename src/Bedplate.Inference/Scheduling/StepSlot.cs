using Bedplate.Inference.Backends;

namespace Bedplate.Inference.Scheduling;

/// <summary>
/// A running batch of a step model and the requests that are its members. Stepped by one compute thread at a time:
/// whoever set <see cref="IsClaimed"/>.
/// </summary>
internal sealed class StepSlot(StepScheduler scheduler, IStepInstance instance) : IComputeWork, IDisposable
{
    public IStepInstance Instance => instance;

    public StepResults Results { get; } = new();

    /// <summary>Members by their identity in the instance; guarded by the scheduler's lock.</summary>
    public Dictionary<long, InferenceRequest> Members { get; } = [];

    /// <summary>Members whose callers gave up since the last step; guarded by the scheduler's lock.</summary>
    public List<long> Leaving { get; } = [];

    /// <summary>Members whose sink refused a response; used by the claiming thread only.</summary>
    public Dictionary<long, HeldBack> Undelivered { get; } = [];

    /// <summary>Whether a thread steps it; guarded by the scheduler's lock.</summary>
    public bool IsClaimed { get; set; }

    /// <summary>Whether a sink takes responses again; guarded by the scheduler's lock.</summary>
    public bool HasResumed { get; set; }

    public void Execute() => scheduler.Execute(this);

    public void Dispose() => instance.Dispose();
}

/// <summary>What a member's slow reader has still to take: responses in order, then possibly the ending.</summary>
internal sealed class HeldBack
{
    public Queue<InferenceResponse> Responses { get; } = new();

    public InferenceEnding? Ending { get; set; }
}
