using Bedplate.Inference.Models;

namespace Bedplate.Inference.Scheduling.Batching;

/// <summary>
/// Batches as a configuration's <c>dynamic_batching</c> says, with Triton's rules: requests are taken in the order of
/// service; one that does not fit by shape or size ends the batch; the largest preferred size that is reached is
/// sent at once; otherwise what is there is sent when it can grow no further or its oldest request has waited for the
/// queue delay.
/// </summary>
internal sealed class ConfiguredBatching : BatchFormer
{
    private readonly int[] _preferred;
    private readonly int _largestPreferred;
    private readonly long _delayTicks;

    public ConfiguredBatching(BatchPlan plan, int maxRows, BatchingSpec spec, TimeProvider time)
    {
        Plan = plan;
        MaxRows = maxRows;
        // Without preferred sizes the maximum is the one preferred.
        _preferred = spec.PreferredBatchSizes.Count == 0 ? [maxRows] : [.. spec.PreferredBatchSizes];
        _largestPreferred = _preferred.Max();
        _delayTicks = time.ToTicks(spec.MaxQueueDelay);
    }

    public override BatchPlan Plan { get; }

    public override int MaxRows { get; }

    public override bool HoldsBack => _delayTicks > 0;

    public override long Choose(RequestQueue queue, long now, int parallelism, List<InferenceRequest> members)
    {
        var first = queue.First!;
        var oldest = now;
        var rows = 0;
        var canGrow = true;
        var preferredCount = 0;
        for (var request = first; request is not null; request = queue.After(request))
        {
            if (members.Count > 0)
            {
                if (rows + request.Rows > _largestPreferred && preferredCount == 0)
                {
                    preferredCount = members.Count;
                }

                if (rows + request.Rows > MaxRows || !Plan.AreCompatible(first.Inputs, request.Inputs))
                {
                    canGrow = false;
                    break;
                }
            }

            members.Add(request);
            rows += request.Rows;
            oldest = Math.Min(oldest, request.SubmittedAt);
            if (Array.IndexOf(_preferred, rows) >= 0)
            {
                preferredCount = members.Count;
            }
        }

        var delayIsOver = _delayTicks != 0 && now - oldest >= _delayTicks;
        if (preferredCount > 0 && !delayIsOver)
        {
            members.RemoveRange(preferredCount, members.Count - preferredCount);
            return 0;
        }

        if (!canGrow || rows >= _largestPreferred || delayIsOver || _delayTicks == 0)
        {
            return 0;
        }

        members.Clear();
        return oldest + _delayTicks;
    }
}
