namespace Bedplate.Inference.Scheduling.Batching;

/// <summary>
/// Batches without configuration: never waits for company; takes what waits up to the size at which the model has proved
/// to answer most (<see cref="BatchSizeSearch"/>). Starts with single rows, and with more only after
/// <see cref="RowIndependenceTrial"/> has found how rows can be put together without changing the answers.
/// </summary>
internal sealed class LearnedBatching(BatchSizeSearch search, int declaredMaxRows, BatchPlan? declaredPlan) : BatchFormer
{
    // Requests looked at beyond the first that does not fit.
    private const int MaxScan = 128;

    private BatchPlan? _plan = declaredPlan;

    public override BatchPlan? Plan => Volatile.Read(ref _plan);

    public override int MaxRows => declaredMaxRows;

    public override bool HoldsBack => search.PaysToJoin;

    /// <summary>How many rows to put together.</summary>
    public BatchSizeSearch Search => search;

    /// <summary>Lets batching begin.</summary>
    public void Allow(BatchPlan plan) => Volatile.Write(ref _plan, plan);

    public override long Choose(RequestQueue queue, long now, int parallelism, List<InferenceRequest> members)
    {
        var first = queue.First!;
        members.Add(first);
        if (Plan is not { } plan || queue.Count == 1 || !first.IsBatchable)
        {
            return 0;
        }

        // What waits is shared among the executions that can start, so that none idles while another is overfull.
        var fairRows = (queue.Rows + parallelism - 1) / parallelism;
        var limit = Math.Min(search.Rows, fairRows);
        var rows = first.Rows;
        var scanned = 0;
        for (var request = queue.After(first); request is not null && rows < limit && scanned < MaxScan;
            request = queue.After(request), scanned++)
        {
            if (request.IsBatchable && rows + request.Rows <= limit && plan.AreCompatible(first.Inputs, request.Inputs))
            {
                members.Add(request);
                rows += request.Rows;
            }
        }

        return 0;
    }
}
