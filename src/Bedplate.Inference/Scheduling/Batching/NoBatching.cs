namespace Bedplate.Inference.Scheduling.Batching;

/// <summary>Each request is an execution of its own.</summary>
internal sealed class NoBatching(BatchPlan? plan, int maxRows) : BatchFormer
{
    /// <summary>Known where the model has a declared batch dimension: it bounds a request's own rows.</summary>
    public override BatchPlan? Plan => plan;

    public override int MaxRows => maxRows;

    public override long Choose(RequestQueue queue, long now, int parallelism, List<InferenceRequest> members)
    {
        members.Add(queue.First!);
        return 0;
    }
}
