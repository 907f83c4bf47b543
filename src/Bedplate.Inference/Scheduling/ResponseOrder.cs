namespace Bedplate.Inference.Scheduling;

/// <summary>
/// Delivers endings in the order in which requests came, whatever order they were reached in (Triton's
/// <c>preserve_ordering</c>): an ending waits until all before it have been delivered.
/// </summary>
internal sealed class ResponseOrder
{
    private readonly Lock _lock = new();
    private readonly Queue<InferenceRequest> _outstanding = new();
    private readonly Dictionary<InferenceRequest, InferenceEnding> _reached = [];
    private bool _delivering;

    /// <summary>The next request in order of arrival. Called under the scheduler's lock.</summary>
    public void Add(InferenceRequest request)
    {
        lock (_lock)
        {
            _outstanding.Enqueue(request);
        }
    }

    /// <summary>A request has ended; delivers it and those it held up, or keeps it until its turn.</summary>
    public void Complete(InferenceRequest request, in InferenceEnding ending)
    {
        lock (_lock)
        {
            _reached.Add(request, ending);
            if (_delivering)
            {
                return;
            }

            _delivering = true;
        }

        while (true)
        {
            InferenceRequest next;
            InferenceEnding nextEnding;
            lock (_lock)
            {
                if (!_outstanding.TryPeek(out next!) || !_reached.Remove(next, out nextEnding))
                {
                    _delivering = false;
                    return;
                }

                _outstanding.Dequeue();
            }

            next.Complete(nextEnding);
        }
    }
}
