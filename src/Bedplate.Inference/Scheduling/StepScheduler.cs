using Bedplate.Inference.Backends;
using Bedplate.Inference.Models;
using Bedplate.Inference.Statistics;
using Bedplate.Tensors;

namespace Bedplate.Inference.Scheduling;

/// <summary>
/// The scheduler of a step model. Requests wait in the same queue, under the same deadlines, fairness and compute
/// gate as those of call models; instead of forming batches it lets them join a running one between two steps, for as
/// long as the instance has room for their state.
/// </summary>
/// <remarks>
/// <see cref="_lock"/> guards the queue and the membership of the slots, and is not held across a step or a delivery.
/// A step is one turn at the gate, so that a long generation shares the machine with everything else.
/// </remarks>
internal sealed class StepScheduler : ModelScheduler
{
    private readonly Lock _lock = new();
    private readonly ServedModel _model;
    private readonly InferenceEngine _engine;
    private readonly RequestQueue _queue;
    private readonly RunProfile _profile;
    private readonly StepSlot[] _slots;
    private long _lastMemberId;

    public StepScheduler(ServedModel model, IStepModel backendModel, int slotCount, ModelStatistics statistics)
    {
        _model = model;
        _engine = model.Engine;
        Statistics = statistics;
        Weight = model.Spec.ShareWeight;
        _queue = new RequestQueue(model.Spec.Batching, _engine.Options.QueueLimit, _engine.Time);
        _profile = new RunProfile(_engine.Time, maxRows: 1024);
        _slots = new StepSlot[Math.Max(1, slotCount)];
        for (var i = 0; i < _slots.Length; i++)
        {
            _slots[i] = new StepSlot(this, backendModel.CreateInstance());
        }

        _engine.Clock.Add(this);
    }

    protected override ModelStatistics Statistics { get; }

    public override bool IsShort => false;

    public override long ExpectedTicks =>
        _profile.Latest is { } curve ? (long)(curve.ExpectedSeconds(1) * _engine.Time.TimestampFrequency) : 0;

    public override int PendingCount => _queue.Count;

    public override ValueTask<InferenceEnding> Submit(InferenceRequest request)
    {
        var now = _engine.Time.GetTimestamp();
        request.SubmittedAt = now;
        request.Rows = 1;
        request.InputBytes = 0;
        foreach (ref readonly var input in request.Inputs)
        {
            request.InputBytes += input.ByteLength;
        }

        var refusal = default(InferenceEnding);
        if (request.Deadline != 0 && request.Deadline <= now)
        {
            refusal = Endings.DeadlinePassed;
        }
        else if (!_engine.InFlight.HasRoomFor(request.InputBytes))
        {
            refusal = Endings.MemoryLimit(_model.Name);
        }
        else
        {
            lock (_lock)
            {
                if (!_queue.TryEnqueue(request, now))
                {
                    refusal = Endings.QueueFull(_model.Name, _queue.Count, TimeSpan.FromSeconds(1));
                }
            }
        }

        if (!refusal.IsCompleted)
        {
            Statistics.RecordUnanswered(refusal, _engine.Time.GetTimestamp() - now);
            return new ValueTask<InferenceEnding>(refusal);
        }

        _engine.Clock.WakeAt(this, RequestQueue.EarlierOf(request.Deadline, request.QueueDue));
        _engine.Gate.NotifyReady(this);
        return request.AsPending();
    }

    /// <inheritdoc/>
    /// <remarks>How long a generation takes is not known beforehand, so only what is decoded can be judged.</remarks>
    public override bool WouldRefuse(long deadline, ulong priority, out InferenceEnding refusal)
    {
        refusal = default;
        return false;
    }

    public override void Abandon(InferenceRequest request, in InferenceEnding ending)
    {
        lock (_lock)
        {
            if (!TryEnd(request))
            {
                return;
            }
        }

        // The member leaves before the next step.
        _engine.Gate.NotifyReady(this);
        Statistics.RecordUnanswered(ending, _engine.Time.GetTimestamp() - request.SubmittedAt);
        Complete(request, ending);
    }

    public override void ResumeResponses(InferenceRequest request)
    {
        lock (_lock)
        {
            if (request.StepSlot is { } slot)
            {
                slot.HasResumed = true;
            }
        }

        _engine.Gate.NotifyReady(this);
    }

    public override void OnTime(long now)
    {
        List<InferenceRequest>? expired = null;
        lock (_lock)
        {
            _queue.Expire(now, ref expired);
            var next = _queue.NextDue;
            foreach (var slot in _slots)
            {
                foreach (var member in slot.Members.Values)
                {
                    if (member.Deadline == 0 || member.Deadline > now)
                    {
                        next = RequestQueue.EarlierOf(next, member.Deadline);
                    }
                    else if (TryEnd(member))
                    {
                        (expired ??= []).Add(member);
                    }
                }
            }

            _engine.Clock.WakeAt(this, next);
        }

        CompleteExpired(expired, now);
        _engine.Gate.NotifyReady(this);
    }

    public override IComputeWork? TryTake()
    {
        lock (_lock)
        {
            foreach (var slot in _slots)
            {
                if (!slot.IsClaimed && HasWork(slot))
                {
                    slot.IsClaimed = true;
                    return slot;
                }
            }
        }

        return null;
    }

    /// <summary>Runs one step of a claimed slot on a compute thread.</summary>
    public void Execute(StepSlot slot)
    {
        RemoveLeaving(slot);
        DeliverHeldBack(slot);
        LetJoin(slot);
        var start = _engine.Time.GetTimestamp();
        var stepped = slot.Members.Count - slot.Undelivered.Count;
        if (stepped > 0)
        {
            var outcome = Step(slot);
            _profile.Record(stepped, 0, _engine.Time.GetTimestamp() - start);
            Deliver(slot, outcome);
        }

        bool more;
        lock (_lock)
        {
            slot.IsClaimed = false;
            more = HasWork(slot);
        }

        if (more)
        {
            _engine.Gate.NotifyReady(this);
        }
    }

    public override void Dispose()
    {
        _engine.Clock.Remove(this);
        foreach (var slot in _slots)
        {
            slot.Dispose();
        }
    }

    // Under the lock. A member whose reader is behind is no reason to step.
    private bool HasWork(StepSlot slot) =>
        slot.Leaving.Count > 0 || slot.HasResumed || slot.Members.Count > slot.Undelivered.Count
        || (_queue.Count > 0 && slot.Instance.Capacity is var capacity && capacity.Members < capacity.MembersLimit);

    // Under the lock.
    private bool TryEnd(InferenceRequest request)
    {
        if (request.TryMove(RequestState.Queued, RequestState.Ended))
        {
            _queue.Remove(request);
            return true;
        }

        if (!request.TryMove(RequestState.Running, RequestState.Ended))
        {
            return false;
        }

        request.StepSlot?.Leaving.Add(request.MemberId);
        return true;
    }

    private void RemoveLeaving(StepSlot slot)
    {
        List<InferenceRequest> left = [];
        lock (_lock)
        {
            foreach (var id in slot.Leaving)
            {
                if (slot.Members.Remove(id, out var member))
                {
                    slot.Instance.Leave(id);
                    ReleaseHeldBack(slot, id);
                    member.StepSlot = null;
                    left.Add(member);
                }
            }

            slot.Leaving.Clear();
        }

        foreach (var member in left)
        {
            member.LetGo();
        }
    }

    private void LetJoin(StepSlot slot)
    {
        while (true)
        {
            InferenceRequest request;
            List<InferenceRequest>? expired = null;
            var now = _engine.Time.GetTimestamp();
            lock (_lock)
            {
                _queue.Expire(now, ref expired);
                request = _queue.First!;
                if (request is not null)
                {
                    _queue.Dequeue(request);
                    request.MemberId = ++_lastMemberId;
                    request.StepSlot = slot;
                    slot.Members.Add(request.MemberId, request);
                }
            }

            CompleteExpired(expired, now);
            if (request is null || !TryJoin(slot, request))
            {
                return;
            }
        }
    }

    // False when the instance is full; the request is then back in the queue.
    private bool TryJoin(StepSlot slot, InferenceRequest request)
    {
        var member = new StepMember(request.MemberId, [.. request.Inputs], request.Parameters);
        var admission = slot.Instance.TryJoin(member, out var refusal);
        switch (admission)
        {
            case StepAdmission.Joined:
                request.MutableInputs.Clear();
                return true;
            case StepAdmission.Refused:
                End(slot, request.MemberId, Endings.Invalid(refusal ?? "The backend refused the request."));
                return true;
            default:
                lock (_lock)
                {
                    slot.Members.Remove(request.MemberId);
                    request.StepSlot = null;
                    if (request.TryMove(RequestState.Running, RequestState.Queued))
                    {
                        _queue.PutBack(request);
                    }
                }

                request.LetGo();
                return false;
        }
    }

    private static BackendOutcome Step(StepSlot slot)
    {
        slot.Results.Clear();
        try
        {
            return slot.Instance.Step(slot.Results);
        }
#pragma warning disable CA1031 // Whatever a backend throws ends the members of this instance and nothing else.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return BackendOutcome.Failure(exception.Message);
        }
    }

    private void Deliver(StepSlot slot, BackendOutcome outcome)
    {
        foreach (var (memberId, outputs) in slot.Results.Responses)
        {
            var response = new InferenceResponse(_model);
            for (var i = 0; i < outputs.Length; i++)
            {
                if (outputs[i].IsPresent)
                {
                    response.SetOutput(i, outputs[i]);
                }
            }

            Deliver(slot, memberId, response);
        }

        foreach (var (memberId, memberOutcome) in slot.Results.Endings)
        {
            if (slot.Undelivered.TryGetValue(memberId, out var heldBack))
            {
                // The ending comes after the last response.
                heldBack.Ending = EndingOf(memberOutcome);
            }
            else
            {
                End(slot, memberId, EndingOf(memberOutcome));
            }
        }

        if (!outcome.IsSuccess)
        {
            // The whole batch is lost: each member hears of it, and the instance starts empty.
            foreach (var memberId in slot.Members.Keys.ToArray())
            {
                slot.Instance.Leave(memberId);
                End(slot, memberId, EndingOf(outcome));
            }
        }
    }

    private static void Deliver(StepSlot slot, long memberId, InferenceResponse response)
    {
        if (!slot.Members.TryGetValue(memberId, out var request) || request.State != RequestState.Running)
        {
            response.Release();
            return;
        }

        if (request.Sink is null)
        {
            // One response was expected: the last one is it.
            request.TakeResponse(response);
            return;
        }

        if (slot.Undelivered.TryGetValue(memberId, out var heldBack))
        {
            heldBack.Responses.Enqueue(response);
        }
        else if (!request.Sink.TryDeliver(response))
        {
            heldBack = new HeldBack();
            heldBack.Responses.Enqueue(response);
            slot.Undelivered.Add(memberId, heldBack);
            slot.Instance.SetPaused(memberId, paused: true);
        }
    }

    private void DeliverHeldBack(StepSlot slot)
    {
        lock (_lock)
        {
            slot.HasResumed = false;
        }

        foreach (var (memberId, heldBack) in slot.Undelivered.ToArray())
        {
            var sink = slot.Members[memberId].Sink!;
            while (heldBack.Responses.TryPeek(out var response) && sink.TryDeliver(response))
            {
                heldBack.Responses.Dequeue();
            }

            if (heldBack.Responses.Count > 0)
            {
                continue;
            }

            slot.Undelivered.Remove(memberId);
            if (heldBack.Ending is { } ending)
            {
                End(slot, memberId, ending);
            }
            else
            {
                slot.Instance.SetPaused(memberId, paused: false);
            }
        }
    }

    private static void ReleaseHeldBack(StepSlot slot, long memberId)
    {
        if (slot.Undelivered.Remove(memberId, out var heldBack))
        {
            foreach (var response in heldBack.Responses)
            {
                response.Release();
            }
        }
    }

    private void End(StepSlot slot, long memberId, in InferenceEnding ending)
    {
        bool isOurs;
        InferenceRequest? request;
        lock (_lock)
        {
            if (!slot.Members.Remove(memberId, out request))
            {
                return;
            }

            request.StepSlot = null;
            isOurs = request.TryMove(RequestState.Running, RequestState.Ended);
        }

        ReleaseHeldBack(slot, memberId);
        if (isOurs)
        {
            var now = _engine.Time.GetTimestamp();
            var timing = new ExecutionTiming { Start = request.SubmittedAt, ComputeStart = request.SubmittedAt, ComputeEnd = now, End = now };
            Statistics.RecordRequest(ending, 1, request.SubmittedAt, timing);
            Complete(request, ending);
        }

        request.LetGo();
    }

    private InferenceEnding EndingOf(BackendOutcome outcome) => outcome.Status switch
    {
        BackendStatus.Succeeded => InferenceEnding.Completed,
        BackendStatus.InvalidInput => Endings.Invalid(outcome.Message ?? "The backend refused the request."),
        BackendStatus.Terminated => Endings.Terminated,
        _ => Endings.Failed(_model.Name, outcome.Message),
    };
}
