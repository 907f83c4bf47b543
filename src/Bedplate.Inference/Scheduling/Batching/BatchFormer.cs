namespace Bedplate.Inference.Scheduling.Batching;

/// <summary>
/// Decides which waiting requests make the next execution. A pure decision over the queue as it stands: it takes
/// nothing out and keeps no time, so that it can be tested without either.
/// </summary>
internal abstract class BatchFormer
{
    /// <summary>
    /// Chooses members in the order of service. The queue is not empty. <paramref name="members"/> is empty and
    /// receives the choice; when it stays empty, the result says at which moment to decide anew.
    /// </summary>
    /// <param name="queue">What waits.</param>
    /// <param name="now">The moment of the decision, in timestamp ticks.</param>
    /// <param name="parallelism">Executions that could start now, this one included; at least 1.</param>
    /// <param name="members">Receives the members.</param>
    public abstract long Choose(RequestQueue queue, long now, int parallelism, List<InferenceRequest> members);

    /// <summary>The batch dimensions by which members are put together; null when each runs by itself.</summary>
    public abstract BatchPlan? Plan { get; }

    /// <summary>Most rows one request may bring.</summary>
    public abstract int MaxRows { get; }

    /// <summary>Whether a request must not start by itself while nothing else waits, as others may join it.</summary>
    public virtual bool HoldsBack => false;
}
