using System.Runtime.InteropServices;
using Bedplate.Inference.Backends;
using Bedplate.Inference.Scheduling.Batching;
using Bedplate.Tensors;

namespace Bedplate.Inference.Scheduling;

/// <summary>
/// A concurrency slot of a call model: the backend's instance and everything one execution needs, reused from run to
/// run. Whoever claimed the slot (see <see cref="CallScheduler"/>) has it to itself until it is released.
/// </summary>
internal sealed class CallSlot(CallScheduler scheduler, int index, ICallInstance instance, CallExecution execution)
    : IComputeWork, IDisposable
{
    private readonly List<Tensor> _parts = [];
    private long _inlineId;
    private long _inlineSince;
    private List<InferenceRequest> _spareMembers = [];

    /// <summary>Its place in the scheduler's set of slots.</summary>
    public int Index => index;

    public ICallInstance Instance => instance;

    public CallExecution Execution => execution;

    /// <summary>The requests of the execution, in order; changed and, by others, read under the scheduler's lock.</summary>
    public List<InferenceRequest> Members { get; private set; } = [];

    /// <summary>Members that nobody has given up on; guarded by the scheduler's lock.</summary>
    public int MembersAwaited { get; set; }

    /// <summary>Sum of the members' input bytes.</summary>
    public long InputBytes { get; set; }

    /// <summary>Bytes reserved for the execution's intermediate results; see <see cref="ActivationBudget"/>.</summary>
    public long ReservedActivation { get; set; }

    public void Execute() => scheduler.Execute(this);

    /// <summary>
    /// Hands the members' inputs to the execution: those of a single member as they are, those of several with their
    /// rows joined. False when there is no memory to join them in; the inputs then stay the members'.
    /// </summary>
    public bool TryTakeInputs(BatchPlan? plan, TensorMemoryPool pool)
    {
        for (var input = 0; input < execution.Inputs.Length; input++)
        {
            var first = Members[0].MutableInputs[input];
            if (Members.Count == 1 || plan!.InputAxes[input] == BatchPlan.Shared || !first.IsPresent)
            {
                execution.Inputs[input] = first;
                Members[0].MutableInputs[input] = default;
                continue;
            }

            _parts.Clear();
            foreach (var member in Members)
            {
                _parts.Add(member.MutableInputs[input]);
            }

            if (!TensorRows.TryJoin(
                CollectionsMarshal.AsSpan(_parts), plan.InputAxes[input], pool, out execution.Inputs[input]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Notes that a run begins on the thread that brought its request, for <see cref="IsInlineRunOlderThan"/>.</summary>
    public void BeginInline(long executionId, long now)
    {
        execution.Id = executionId;
        Volatile.Write(ref _inlineId, executionId);
        Volatile.Write(ref _inlineSince, now);
    }

    /// <summary>Notes that it has ended.</summary>
    public void EndInline() => Volatile.Write(ref _inlineSince, 0);

    /// <summary>
    /// Whether a run on the thread that brought its request goes on for longer than this; for any thread, without a
    /// lock. A run writes its id before its beginning and clears that at its end, so that a beginning read between two
    /// readings of one id is of that run.
    /// </summary>
    /// <param name="ticks">How long.</param>
    /// <param name="now">The present moment.</param>
    /// <param name="executionId">Which run it is.</param>
    /// <param name="due">When a run that is not that old yet will be; 0 for none.</param>
    public bool IsInlineRunOlderThan(long ticks, long now, out long executionId, out long due)
    {
        executionId = Volatile.Read(ref _inlineId);
        var since = Volatile.Read(ref _inlineSince);
        due = 0;
        if (since == 0 || executionId != Volatile.Read(ref _inlineId))
        {
            return false;
        }

        due = since + ticks;
        return due <= now;
    }

    /// <summary>
    /// Empties <see cref="Members"/> into the list that is returned, which the slot's holder may use until it releases
    /// the slot and leaves empty.
    /// </summary>
    public List<InferenceRequest> TakeMembers()
    {
        var taken = Members;
        Members = _spareMembers;
        _spareMembers = taken;
        return taken;
    }

    /// <summary>Gives back the inputs after the run.</summary>
    public void ReleaseInputs()
    {
        for (var i = 0; i < execution.Inputs.Length; i++)
        {
            execution.Inputs[i].Release();
        }
    }

    /// <summary>Sets which outputs any member wants.</summary>
    public void CollectRequestedOutputs()
    {
        var requested = execution.OutputRequested;
        Array.Clear(requested);
        foreach (var member in Members)
        {
            for (var i = 0; i < requested.Length; i++)
            {
                requested[i] |= member.IsOutputRequested(i);
            }
        }
    }

    public void Dispose() => instance.Dispose();
}
