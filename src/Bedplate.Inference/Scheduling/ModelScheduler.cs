using Bedplate.Inference.Backends;
using Bedplate.Inference.Statistics;

namespace Bedplate.Inference.Scheduling;

/// <summary>
/// Takes the requests of one served version and brings each to its one ending. The part between a decoded request and
/// a backend; one kind per kind of backend.
/// </summary>
internal abstract class ModelScheduler : ComputeFlow, IDisposable
{
    /// <summary>Where it counts what becomes of requests.</summary>
    protected abstract ModelStatistics Statistics { get; }

    /// <summary>Delivers an ending; overridden where endings are kept in order.</summary>
    protected virtual void Complete(InferenceRequest request, in InferenceEnding ending) => request.Complete(ending);

    /// <summary>Takes over a filled request. Completes at once when it is refused or run on the calling thread.</summary>
    public abstract ValueTask<InferenceEnding> Submit(InferenceRequest request);

    /// <summary>
    /// Whether a request with this deadline (0 for none) and priority would be refused now, as far as can be told
    /// before it is decoded; lets a protocol refuse without reading the body. A refusal is counted.
    /// </summary>
    public abstract bool WouldRefuse(long deadline, ulong priority, out InferenceEnding refusal);

    /// <summary>Ends a request that waits or runs, for its caller's sake or its deadline's. Does nothing when it has ended.</summary>
    public abstract void Abandon(InferenceRequest request, in InferenceEnding ending);

    /// <summary>A sink that refused a response takes responses again.</summary>
    public abstract void ResumeResponses(InferenceRequest request);

    /// <summary>Called by the clock at <see cref="WakeAt"/>.</summary>
    public abstract void OnTime(long now);

    /// <summary>Requests that wait and do not run yet.</summary>
    public abstract int PendingCount { get; }

    /// <summary>A run outside the scheduler, before the version takes requests: what it cost is the first measurement.</summary>
    public virtual void OnWarmupRun(CallExecution execution, long elapsedTicks)
    {
        // Nothing is learned from it by default.
    }

    /// <summary>Begins with what has been learned about the version that this one takes the place of.</summary>
    public virtual void LearnFrom(ModelScheduler predecessor)
    {
        // By default nothing has been learned that would hold for other content, too.
    }

    /// <summary>Frees the instances. No request is left.</summary>
    public abstract void Dispose();

    /// <summary>Completes requests whose time has passed, which the queue or the scheduler has ended.</summary>
    protected void CompleteExpired(List<InferenceRequest>? expired, long now)
    {
        foreach (var request in expired ?? [])
        {
            var ending = request.QueueDue != 0 && request.QueueDue <= now ? Endings.QueueTimeout : Endings.DeadlinePassed;
            Statistics.RecordUnanswered(ending, now - request.SubmittedAt);
            Complete(request, ending);
        }
    }

    /// <summary>The moment asked for by <see cref="EngineClock.WakeAt"/>; guarded by the clock's lock.</summary>
    internal long WakeAt = long.MaxValue;
}
