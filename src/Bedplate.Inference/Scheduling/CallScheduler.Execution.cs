using Bedplate.Inference.Backends;
using Bedplate.Inference.Scheduling.Batching;
using Bedplate.Inference.Statistics;
using Bedplate.Tensors;

namespace Bedplate.Inference.Scheduling;

/// <summary>Running what has been chosen, and handing out what came of it.</summary>
internal sealed partial class CallScheduler
{
    // Runs of one row that must agree before the calling thread is trusted with another.
    private const int SamplesToInline = 3;

    // How long a run of a request's values takes is not known before (a loop counts to what they say), and on the
    // calling thread nobody can give it up. A thousand times the default limit: no preemption explains it.
    private static readonly TimeSpan LongestInlineRun = TimeSpan.FromMilliseconds(100);

    // A model that has done this once may do it again; until then its requests take the way on which they can be ended.
    private static readonly TimeSpan InlineBar = TimeSpan.FromMinutes(1);

    /// <summary>Runs a claimed slot's members on a compute thread.</summary>
    public void Execute(CallSlot slot)
    {
        var timing = new ExecutionTiming { Start = _time.GetTimestamp() };
        slot.CollectRequestedOutputs();
        var ending = HasRoomInFlight(slot.InputBytes / slot.Members.Count) && slot.TryTakeInputs(_former.Plan, _model.Memory)
            ? RunBackend(slot, ref timing)
            : Endings.MemoryLimit(_model.Name);
        if (ending.IsCompleted && slot.Members.Count == 1 && _trial is { IsOver: false } trial)
        {
            trial.Offer(slot.Execution.Inputs);
            if (trial.TryBegin())
            {
                _ = TryRowsAsync(trial);
            }
        }

        slot.ReleaseInputs();
        _engine.Activation.Release(slot.ReservedActivation);
        slot.ReservedActivation = 0;
        Deliver(slot, ending, ref timing);
        ReleaseSlot(slot);
    }

    public override void OnWarmupRun(CallExecution execution, long elapsedTicks)
    {
        long bytes = 0;
        foreach (ref readonly var input in execution.Inputs.AsSpan())
        {
            bytes += input.ByteLength;
        }

        _profile.Record(execution.BatchSize, bytes, elapsedTicks);
        _activation.Observe(bytes, _backendModel.PeakActivationBytes, concurrentRuns: 1);
    }

    // A part of loading that could not be done without requests, so done as loading is: where it takes neither a slot nor a
    // permit from them.
    private async Task TryRowsAsync(RowIndependenceTrial trial)
    {
        if (!_model.TryLease())
        {
            return;
        }

        try
        {
            await _engine.Lifecycle.RunAsLoadingAsync(() =>
            {
                using var instance = _backendModel.CreateInstance();
                trial.Run(instance, new CallExecution(_model.Signature));
            });
            if (trial.FoundPlan is { } plan)
            {
                _learned?.Allow(plan);
            }
        }
#pragma warning disable CA1031 // Whatever a backend throws, its model is served as it was, a row at a time.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            trial.GiveUp(exception.Message);
        }
        finally
        {
            _model.ReleaseLease();
        }

        LogTrial(_engine.SchedulingLogger, _model.Name, _model.Version, trial.Verdict);
    }

    // A quick run with nothing in its way: on the thread that brought it.
    private bool TryRunInline(InferenceRequest request, long now, out InferenceEnding ending)
    {
        ending = default;
        if (_queue.Count != 0 || _order is not null || _former.HoldsBack || _trial is { IsOver: false } || !IsQuick(request)
            || now < Volatile.Read(ref _inlineBarredUntil) || !TryClaimSlot(out var slot))
        {
            return false;
        }

        if (!_engine.Gate.TryEnterInline(IsShort, out var permit))
        {
            ReleaseSlot(slot);
            return false;
        }

        var timing = new ExecutionTiming { Start = now };
        slot.InputBytes = request.InputBytes;
        slot.Execution.BatchSize = request.Rows;
        slot.BeginInline(Interlocked.Increment(ref _lastExecutionId), now);
        _engine.Clock.WakeAt(this, now + _longestInlineTicks);
        var inputs = request.MutableInputs;
        for (var i = 0; i < inputs.Length; i++)
        {
            slot.Execution.Inputs[i] = inputs[i];
            inputs[i] = default;
        }

        for (var i = 0; i < slot.Execution.OutputRequested.Length; i++)
        {
            slot.Execution.OutputRequested[i] = request.IsOutputRequested(i);
        }

        ending = RunBackend(slot, ref timing);
        slot.EndInline();
        var isStopped = ending.Reason == EndingReason.Terminated;
        if (isStopped)
        {
            // By the clock, as nobody else knows of this run. It begins anew on the way on which it can be given up.
            for (var i = 0; i < inputs.Length; i++)
            {
                inputs[i] = slot.Execution.Inputs[i];
                slot.Execution.Inputs[i] = default;
            }
        }

        slot.ReleaseInputs();
        if (ending.IsCompleted)
        {
            MoveOutputs(slot.Execution, request);
        }

        timing.End = _time.GetTimestamp();
        _engine.Gate.ExitInline(this, permit, timing.End - timing.Start);
        ReleaseSlot(slot);
        if (isStopped)
        {
            Volatile.Write(ref _inlineBarredUntil, timing.End + _time.ToTicks(InlineBar));
            return false;
        }

        if (ending.IsCompleted)
        {
            Statistics.RecordExecution(request.Rows, timing);
        }

        Statistics.RecordRequest(ending, request.Rows, now, timing);
        return true;
    }

    private bool IsQuick(InferenceRequest request)
    {
        var curve = _profile.GetCurve(request.InputBytes / request.Rows);
        return curve.SamplesOfOne >= SamplesToInline && curve.UpperSecondsOfOne * request.Rows <= _inlineLimitSeconds;
    }

    private InferenceEnding RunBackend(CallSlot slot, ref ExecutionTiming timing)
    {
        BackendOutcome outcome;
        var execution = slot.Execution;
        var entered = _time.GetTimestamp();
        try
        {
            outcome = slot.Instance.Run(execution);
        }
#pragma warning disable CA1031 // Whatever a backend throws ends this execution and nothing else.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            execution.ReleaseOutputs();
            outcome = BackendOutcome.Failure(exception.Message);
        }

        var left = _time.GetTimestamp();
        timing.TakeRun(execution, entered, left);
        if (outcome.IsSuccess)
        {
            _profile.Record(execution.BatchSize, slot.InputBytes, left - entered);
            if (_activation.IsNews(slot.InputBytes))
            {
                _activation.Observe(slot.InputBytes, _backendModel.PeakActivationBytes, _slots.Length);
            }
        }

        return outcome.Status switch
        {
            BackendStatus.Succeeded => InferenceEnding.Completed,
            BackendStatus.InvalidInput => Endings.Invalid(outcome.Message ?? "The backend refused the inputs."),
            BackendStatus.Terminated => Endings.Terminated,
            _ => Endings.Failed(_model.Name, outcome.Message),
        };
    }

    // Gives each member its rows of the outputs, claims those that have not ended meanwhile, and completes them.
    private void Deliver(CallSlot slot, InferenceEnding ending, ref ExecutionTiming timing)
    {
        if (ending.IsCompleted && slot.Members.Count > 1)
        {
            ending = Split(slot);
            foreach (var member in slot.Members)
            {
                CountAnswer(member.Response.ByteLength);
            }
        }

        List<InferenceRequest> members;
        lock (_lock)
        {
            members = slot.TakeMembers();
            foreach (var member in members)
            {
                member.Slot = null;
                member.IsClaimed = member.TryMove(RequestState.Running, RequestState.Ended);
                if (member.IsClaimed && member.Deadline != 0)
                {
                    _waitMargin.OnInTime();
                }
            }
        }

        if (ending.IsCompleted && members.Count == 1 && members[0].IsClaimed)
        {
            MoveOutputs(slot.Execution, members[0]);
        }

        slot.Execution.ReleaseOutputs();
        timing.End = _time.GetTimestamp();
        if (ending.IsCompleted)
        {
            Statistics.RecordExecution(slot.Execution.BatchSize, timing);
        }

        foreach (var member in members)
        {
            if (member.IsClaimed)
            {
                Statistics.RecordRequest(ending, member.Rows, member.SubmittedAt, timing);
                Complete(member, ending);
            }

            member.LetGo();
        }

        members.Clear();
    }

    private void MoveOutputs(CallExecution execution, InferenceRequest request)
    {
        var response = request.Response;
        for (var i = 0; i < execution.Outputs.Length; i++)
        {
            if (execution.Outputs[i].IsPresent)
            {
                response.SetOutput(i, execution.Outputs[i]);
                execution.Outputs[i] = default;
            }
        }

        CountAnswer(response.ByteLength);
    }

    // Before any member is claimed: a member that has ended meanwhile gives its rows back with its request.
    private InferenceEnding Split(CallSlot slot)
    {
        var plan = _former.Plan!;
        var execution = slot.Execution;
        for (var output = 0; output < execution.Outputs.Length; output++)
        {
            ref readonly var whole = ref execution.Outputs[output];
            if (!whole.IsPresent)
            {
                continue;
            }

            var axis = plan.OutputAxes[output];
            if (axis != BatchPlan.Shared && (whole.Shape.Rank <= axis || whole.Shape[axis] != execution.BatchSize))
            {
                return Endings.Failed(
                    _model.Name,
                    $"output '{_model.Signature.Outputs[output].Name}' has shape {whole.Shape} for a batch of {execution.BatchSize} rows.");
            }

            long row = 0;
            long cursor = 0;
            foreach (var member in slot.Members)
            {
                Tensor part;
                if (axis == BatchPlan.Shared)
                {
                    part = TensorRows.Share(whole);
                }
                else if (!TensorRows.TrySlice(whole, axis, row, member.Rows, ref cursor, _model.Memory, out part))
                {
                    return Endings.MemoryLimit(_model.Name);
                }

                row += member.Rows;
                if (member.IsOutputRequested(output))
                {
                    member.Response.SetOutput(output, part);
                }
                else
                {
                    part.Release();
                }
            }
        }

        return InferenceEnding.Completed;
    }

    // The expectation follows a larger answer at once and a smaller one slowly. A lost update is harmless.
    private void CountAnswer(long bytes)
    {
        _engine.InFlight.AddAnswer(bytes);
        var expected = Volatile.Read(ref _expectedAnswerBytes);
        Volatile.Write(ref _expectedAnswerBytes, Math.Max(bytes, expected - expected / 16));
    }
}
