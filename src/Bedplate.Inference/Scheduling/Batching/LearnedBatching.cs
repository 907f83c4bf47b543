namespace Bedplate.Inference.Scheduling.Batching;

/// <summary>
/// Batches without configuration: never holds back; takes what waits up to the size at which a row has proved
/// cheapest. Starts with single rows, and with more only after <see cref="RowIndependenceTrial"/> has found how rows
/// can be put together without changing the answers.
/// </summary>
/// <remarks>
/// The size is searched upwards: while enough requests wait, the next larger bucket of the cost curve is tried a few
/// times, and kept if a row got cheaper by a margin above the noise. A bucket that lost is tried again only rarely,
/// so that a model for which batching does not pay loses next to nothing to the search.
/// </remarks>
internal sealed class LearnedBatching(RunProfile profile, int maxRows, int declaredMaxRows, BatchPlan? declaredPlan) : BatchFormer
{
    // Runs that a bucket needs before its average is believed.
    private const int SamplesToBelieve = 3;

    // A larger size must be cheaper per row by this much to be worth the wait of those who came first.
    private const double MarginToGrow = 0.02;

    // Runs between two attempts at a size that has lost: bounds the cost of being wrong about it to a percent.
    private const int RunsBetweenRetries = 512;

    // Requests looked at beyond the first that does not fit.
    private const int MaxScan = 128;

    private BatchPlan? _plan = declaredPlan;
    private int _runsUntilRetry = RunsBetweenRetries;

    public override BatchPlan? Plan => Volatile.Read(ref _plan);

    public override int MaxRows => declaredMaxRows;

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
        var limit = Math.Min(LimitFor(first, queue.Rows), fairRows);
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

    /// <summary>The most rows worth putting together for requests like this one, given what waits.</summary>
    private int LimitFor(InferenceRequest request, long waitingRows)
    {
        var curve = profile.GetCurve(request.InputBytes / request.Rows);
        var best = 0;
        for (var bucket = 0; bucket < curve.BucketCount && CostCurve.LargestIn(bucket) <= maxRows; bucket++)
        {
            if (curve.SamplesIn(bucket) < SamplesToBelieve)
            {
                // Not known yet: try it once enough waits to fill it.
                return waitingRows >= CostCurve.LargestIn(bucket) ? CostCurve.LargestIn(bucket) : CostCurve.LargestIn(best);
            }

            if (curve.SecondsPerRow(bucket) < curve.SecondsPerRow(best) * (1 - MarginToGrow))
            {
                best = bucket;
            }
            else if (curve.SecondsPerRow(bucket) > curve.SecondsPerRow(best) * (1 + 5 * MarginToGrow))
            {
                // Clearly dearer; larger ones are dearer still.
                RetryRarely(curve, bucket);
                break;
            }
        }

        return CostCurve.LargestIn(best);
    }

    private void RetryRarely(CostCurve curve, int bucket)
    {
        if (--_runsUntilRetry <= 0)
        {
            _runsUntilRetry = RunsBetweenRetries;
            curve.Forget(bucket);
        }
    }
}
