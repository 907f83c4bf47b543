using System.Numerics;
using Bedplate.Inference.Backends;
using Bedplate.Inference.Models;
using Bedplate.Inference.Scheduling.Batching;
using Bedplate.Inference.Statistics;
using Bedplate.Tensors;

namespace Bedplate.Inference.Scheduling;

/// <summary>
/// The scheduler of a call model. A request that finds nothing waiting, a free slot and a permit, and whose model is
/// known to be quick, runs at once on the thread that brought it; any other waits in the queue until a compute thread
/// has formed a batch with it.
/// </summary>
/// <remarks>
/// <see cref="_lock"/> guards the queue, the former's decisions and which slot a running request is in; it is never
/// held across a run or a completion. Free slots are bits of <see cref="_freeSlots"/>, claimed by compare-and-exchange,
/// so that the inline path takes no lock of this class.
/// </remarks>
internal sealed partial class CallScheduler : ModelScheduler
{
    /// <summary>Slots are bits of one word.</summary>
    public const int MaxSlots = 64;

    private readonly Lock _lock = new();
    private readonly ServedModel _model;
    private readonly InferenceEngine _engine;
    private readonly TimeProvider _time;
    private readonly RequestQueue _queue;
    private readonly BatchFormer _former;
    private readonly LearnedBatching? _learned;
    private readonly RunProfile _profile;
    private readonly QueueDrainRate _drainRate;
    private readonly WaitMargin _waitMargin = new();
    private readonly ActivationEstimate _activation = new();
    private readonly ICallModel _backendModel;
    private readonly CallSlot[] _slots;
    private readonly ResponseOrder? _order;
    private readonly RowIndependenceTrial? _trial;
    private readonly double _inlineLimitSeconds;
    private readonly double _shortLimitSeconds;
    private readonly long _longestInlineTicks;
    private long _freeSlots;
    private long _lastExecutionId;
    private long _inlineBarredUntil;
    private long _expectedAnswerBytes;

    public CallScheduler(ServedModel model, ICallModel backendModel, int slotCount, ModelStatistics statistics)
    {
        _model = model;
        _engine = model.Engine;
        _time = _engine.Time;
        Statistics = statistics;
        _backendModel = backendModel;
        Weight = model.Spec.ShareWeight;
        _inlineLimitSeconds = _engine.Options.InlineRunLimit.TotalSeconds;
        _shortLimitSeconds = _engine.Options.ShortRunLimit.TotalSeconds;
        _longestInlineTicks = (long)(Math.Max(LongestInlineRun.TotalSeconds, 10 * _inlineLimitSeconds) * _time.TimestampFrequency);

        var spec = model.Spec;
        var declared = spec.MaxBatchSize > 0 ? BatchPlan.Declared(model.Signature) : null;
        var largest = spec.Batching.Mode == BatchingMode.Learned
            ? Math.Max(1, spec.MaxBatchSize == 0 ? _engine.Options.LearnedBatchLimit : Math.Min(spec.MaxBatchSize, _engine.Options.LearnedBatchLimit))
            : Math.Max(1, spec.MaxBatchSize);
        _profile = new RunProfile(_time, largest);
        _drainRate = new QueueDrainRate(_time);
        _former = spec.Batching.Mode switch
        {
            BatchingMode.Configured when declared is not null => new ConfiguredBatching(declared, spec.MaxBatchSize, spec.Batching, _time),
            BatchingMode.Learned => new LearnedBatching(new BatchSizeSearch(largest, _engine.Options.InlineRunLimit, _time), spec.MaxBatchSize, declared),
            _ => new NoBatching(declared, spec.MaxBatchSize),
        };
        _queue = new RequestQueue(spec.Batching, _engine.Options.QueueLimit, _time);
        _order = spec.Batching.PreserveOrdering ? new ResponseOrder() : null;
        _learned = _former as LearnedBatching;
        _trial = _learned is { Plan: null } && largest > 1 ? new RowIndependenceTrial(model.Signature, model.Memory) : null;

        slotCount = Math.Clamp(slotCount, 1, MaxSlots);
        _slots = new CallSlot[slotCount];
        for (var i = 0; i < slotCount; i++)
        {
            _slots[i] = new CallSlot(this, i, backendModel.CreateInstance(), new CallExecution(model.Signature));
        }

        _freeSlots = slotCount == MaxSlots ? -1L : (1L << slotCount) - 1;
        _engine.Clock.Add(this);
    }

    protected override ModelStatistics Statistics { get; }

    public override bool IsShort => _profile.Latest is { } curve && curve.UpperSecondsOfOne <= _shortLimitSeconds;

    public override long ExpectedTicks =>
        _profile.Latest is { } curve ? (long)(curve.ExpectedSeconds(1) * _time.TimestampFrequency) : 0;

    public override int PendingCount => _queue.Count;

    /// <summary>How requests are put together.</summary>
    public BatchFormer Former => _former;

    public override ValueTask<InferenceEnding> Submit(InferenceRequest request)
    {
        var now = _time.GetTimestamp();
        request.SubmittedAt = now;
        if (_learned is { Plan: not null } learned && now >= learned.Search.NextStep)
        {
            StepSearch(learned.Search, now);
        }

        if (!TryAdmit(request, now, out var refusal))
        {
            Statistics.RecordUnanswered(refusal, _time.GetTimestamp() - now);
            return new ValueTask<InferenceEnding>(refusal);
        }

        if (TryRunInline(request, now, out var ending))
        {
            return new ValueTask<InferenceEnding>(ending);
        }

        return Enqueue(request, now);
    }

    public override void Abandon(InferenceRequest request, in InferenceEnding ending)
    {
        CallSlot? toTerminate;
        long executionId;
        lock (_lock)
        {
            if (!TryEnd(request, out toTerminate, out executionId))
            {
                return;
            }
        }

        toTerminate?.Instance.Terminate(executionId);
        Statistics.RecordUnanswered(ending, _time.GetTimestamp() - request.SubmittedAt);
        Complete(request, ending);
    }

    public override void ResumeResponses(InferenceRequest request)
    {
        // A call model gives its one response with the ending.
    }

    public override void OnTime(long now)
    {
        List<InferenceRequest>? expired = null;
        List<(CallSlot Slot, long ExecutionId)> toTerminate = [];
        lock (_lock)
        {
            _queue.Expire(now, ref expired);
            var next = _queue.NextDue;
            foreach (var slot in _slots)
            {
                // A member stays in its slot until its execution has let go of it, so it cannot be another request yet.
                foreach (var member in slot.Members)
                {
                    if (member.Deadline == 0 || member.Deadline > now)
                    {
                        next = RequestQueue.EarlierOf(next, member.Deadline);
                    }
                    else if (TryEnd(member, out var terminate, out var executionId))
                    {
                        (expired ??= []).Add(member);
                        if (terminate is not null)
                        {
                            toTerminate.Add((terminate, executionId));
                        }
                    }
                }

                if (slot.IsInlineRunOlderThan(_longestInlineTicks, now, out var inlineId, out var due))
                {
                    toTerminate.Add((slot, inlineId));
                }
                else
                {
                    next = RequestQueue.EarlierOf(next, due);
                }
            }

            LearnFromLate(expired, now);
            _engine.Clock.WakeAt(this, next);
        }

        foreach (var (slot, executionId) in toTerminate)
        {
            slot.Instance.Terminate(executionId);
        }

        CompleteExpired(expired, now);
        if (_queue.Count > 0)
        {
            _engine.Gate.NotifyReady(this);
        }
    }

    public override void LearnFrom(ModelScheduler predecessor)
    {
        if (predecessor is CallScheduler { _learned: { } theirs } && _learned is { } ours)
        {
            ours.Search.BeginAt(theirs.Search);
        }
    }

    public override void Dispose()
    {
        _engine.Clock.Remove(this);
        foreach (var slot in _slots)
        {
            slot.Dispose();
        }

        _trial?.Dispose();
    }

    private void StepSearch(BatchSizeSearch search, long now)
    {
        var progress = new BatchingProgress(Statistics.InferenceCount, Statistics.ExecutionCount, _queue.Rows, Environment.CpuUsage.TotalTime);
        if (search.Step(now, progress, _profile.Latest?.ExpectedSeconds(1) ?? 0, out var outcome))
        {
            LogBatchSize(_engine.SchedulingLogger, _model.Name, _model.Version, outcome.Challenger, outcome.Ratio, outcome.InUse, outcome.IsTaken);
        }
    }

    private ValueTask<InferenceEnding> Enqueue(InferenceRequest request, long now)
    {
        var refusal = default(InferenceEnding);
        var queued = false;
        lock (_lock)
        {
            if (!IsHopeless(request, now, out refusal) && TryEnqueue(request, now, out refusal))
            {
                queued = true;
                _order?.Add(request);
                _engine.Clock.WakeAt(this, RequestQueue.EarlierOf(request.Deadline, request.QueueDue));
            }
        }

        if (!queued)
        {
            Statistics.RecordUnanswered(refusal, _time.GetTimestamp() - now);
            return new ValueTask<InferenceEnding>(refusal);
        }

        // Either we see the slot that is being released, or whoever releases it sees that we wait.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _freeSlots) != 0)
        {
            _engine.Gate.NotifyReady(this);
        }

        return request.AsPending();
    }

    private bool TryEnqueue(InferenceRequest request, long now, out InferenceEnding refusal)
    {
        if (_queue.TryEnqueue(request, now))
        {
            refusal = default;
            return true;
        }

        refusal = Endings.QueueFull(_model.Name, _queue.Count, TimeToServe(_queue.Rows));
        return false;
    }

    public override IComputeWork? TryTake()
    {
        if (!TryClaimSlot(out var slot))
        {
            // Whoever releases a slot announces what waits then.
            return null;
        }

        var now = _time.GetTimestamp();
        List<InferenceRequest>? expired = null;
        int decidedAtVersion;
        bool more;
        lock (_lock)
        {
            ChooseMembers(slot, now, ref expired);
            LearnFromLate(expired, now);
            decidedAtVersion = _queue.Version;
            more = _queue.Count > 0;
        }

        CompleteExpired(expired, now);
        if (slot.Members.Count == 0)
        {
            // What waits is held back. Only a request that came after that decision is a reason to decide again.
            Interlocked.Or(ref _freeSlots, 1L << slot.Index);
            if (_queue.Version != decidedAtVersion)
            {
                _engine.Gate.NotifyReady(this);
            }

            return null;
        }

        if (more && Volatile.Read(ref _freeSlots) != 0)
        {
            _engine.Gate.NotifyReady(this);
        }

        return slot;
    }

    // Under the lock. Fills the slot with the next batch, or leaves it empty.
    private void ChooseMembers(CallSlot slot, long now, ref List<InferenceRequest>? expired)
    {
        _queue.Expire(now, ref expired);
        do
        {
            slot.Members.Clear();
            if (_queue.Count == 0)
            {
                return;
            }

            var couldStart = 1 + Math.Min(BitOperations.PopCount((ulong)Volatile.Read(ref _freeSlots)), _engine.Gate.FreePermits);
            var decideAgainAt = _former.Choose(_queue, now, couldStart, slot.Members);
            _engine.Clock.WakeAt(this, decideAgainAt);
        }
        while (!FitsDeadlines(slot.Members, now, ref expired));

        if (slot.Members.Count == 0)
        {
            return;
        }

        slot.InputBytes = 0;
        var rows = 0;
        foreach (var member in slot.Members)
        {
            rows += member.Rows;
            slot.InputBytes += member.InputBytes;
        }

        if (!_engine.Activation.TryReserve(this, _activation.For(slot.InputBytes), out var reserved))
        {
            // Announced again when a run that holds some of it ends.
            slot.Members.Clear();
            return;
        }

        slot.ReservedActivation = reserved;
        foreach (var member in slot.Members)
        {
            _queue.Dequeue(member);
            member.Slot = slot;
        }

        slot.Execution.BatchSize = rows;
        slot.Execution.Id = Interlocked.Increment(ref _lastExecutionId);
        slot.MembersAwaited = slot.Members.Count;
        _drainRate.OnTaken(rows, _queue.Count > 0, now);
    }

    // Under the lock. What cannot be finished in time is not begun, and a batch that would make a member late is cut
    // short: those behind wait for the next. False when a member had to go and the choice is to be made anew.
    private bool FitsDeadlines(List<InferenceRequest> members, long now, ref List<InferenceRequest>? expired)
    {
        var fits = true;
        var rows = 0;
        foreach (var member in members)
        {
            rows += member.Rows;
            if (member.Deadline != 0 && now + ExpectedRunTicks(member, member.Rows) > member.Deadline)
            {
                fits = false;
                _queue.Drop(member, ref expired);
            }
        }

        while (fits && members.Count > 1 && IsLateForOne(members, now + ExpectedRunTicks(members[0], rows)))
        {
            rows -= members[^1].Rows;
            members.RemoveAt(members.Count - 1);
        }

        return fits;
    }

    private static bool IsLateForOne(List<InferenceRequest> members, long end)
    {
        foreach (var member in members)
        {
            if (member.Deadline != 0 && end > member.Deadline)
            {
                return true;
            }
        }

        return false;
    }

    // Under the lock. A queue timeout is the caller's wish and says nothing of what was expected.
    private void LearnFromLate(List<InferenceRequest>? expired, long now)
    {
        if (expired is not null && expired.Exists(request => request.QueueDue == 0 || request.QueueDue > now))
        {
            _waitMargin.OnLate();
        }
    }

    // Under the lock. Ends a request that waits or runs; names the execution that nobody waits for any more.
    private bool TryEnd(InferenceRequest request, out CallSlot? toTerminate, out long executionId)
    {
        toTerminate = null;
        executionId = 0;
        if (request.TryMove(RequestState.Queued, RequestState.Ended))
        {
            _queue.Remove(request);
            return true;
        }

        if (!request.TryMove(RequestState.Running, RequestState.Ended))
        {
            return false;
        }

        if (request.Slot is { } slot && --slot.MembersAwaited == 0)
        {
            toTerminate = slot;
            executionId = slot.Execution.Id;
        }

        return true;
    }

    protected override void Complete(InferenceRequest request, in InferenceEnding ending)
    {
        if (_order is null)
        {
            request.Complete(ending);
        }
        else
        {
            _order.Complete(request, ending);
        }
    }

    private bool TryClaimSlot(out CallSlot slot)
    {
        var free = Volatile.Read(ref _freeSlots);
        while (free != 0)
        {
            var lowest = free & -free;
            var seen = Interlocked.CompareExchange(ref _freeSlots, free & ~lowest, free);
            if (seen == free)
            {
                slot = _slots[BitOperations.TrailingZeroCount(lowest)];
                return true;
            }

            free = seen;
        }

        slot = null!;
        return false;
    }

    private void ReleaseSlot(CallSlot slot)
    {
        Interlocked.Or(ref _freeSlots, 1L << slot.Index);
        if (_queue.Count > 0)
        {
            _engine.Gate.NotifyReady(this);
        }
    }
}
