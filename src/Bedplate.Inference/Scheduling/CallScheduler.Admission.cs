namespace Bedplate.Inference.Scheduling;

/// <summary>What is refused before any work is done.</summary>
internal sealed partial class CallScheduler
{
    // Runs vary; an answer expected for the last twentieth of the time left is more often late than not.
    private const double DeadlineMargin = 0.95;

    // Asked for again before a run: how much a waiting request's answer weighs is known only afterwards, and many may
    // wait that weigh little themselves.
    private bool HasRoomInFlight(long inputBytes) => _engine.InFlight.HasRoomFor(inputBytes + Volatile.Read(ref _expectedAnswerBytes));

    /// <summary>
    /// Whether a request of this deadline and priority would be refused now, as far as can be told before it is
    /// decoded.
    /// </summary>
    public override bool WouldRefuse(long deadline, ulong priority, out InferenceEnding refusal)
    {
        refusal = default;
        if (deadline == 0 || _queue.Count == 0)
        {
            return false;
        }

        lock (_lock)
        {
            if (!IsTooLate(deadline, _time.GetTimestamp(), _queue.RowsAheadOf(priority), rows: 1, _profile.Latest, out refusal))
            {
                return false;
            }
        }

        // It was never submitted, so it has not been here for any time.
        Statistics.RecordUnanswered(refusal, ticks: 0);
        return true;
    }

    // What is wrong with the request itself, and what no waiting would mend.
    private bool TryAdmit(InferenceRequest request, long now, out InferenceEnding refusal)
    {
        long bytes = 0;
        foreach (ref readonly var input in request.Inputs)
        {
            bytes += input.ByteLength;
        }

        request.InputBytes = bytes;
        if (!TryCountRows(request, out refusal))
        {
            return false;
        }

        if (request.Deadline != 0 && request.Deadline <= now)
        {
            refusal = Endings.DeadlinePassed;
            return false;
        }

        if (!HasRoomInFlight(bytes))
        {
            refusal = Endings.MemoryLimit(_model.Name);
            return false;
        }

        var activation = _activation.For(bytes);
        if (activation > _engine.Activation.Limit)
        {
            refusal = Endings.ActivationLimit(_model.Name, bytes, activation, _engine.Activation.Limit);
            return false;
        }

        return true;
    }

    private bool TryCountRows(InferenceRequest request, out InferenceEnding refusal)
    {
        refusal = default;
        var rows = _former.Plan?.RowsOf(request.Inputs) ?? 0;
        request.IsBatchable = rows > 0;
        request.Rows = Math.Max(1, rows);
        if (_former.MaxRows == 0)
        {
            return true;
        }

        if (rows == 0)
        {
            refusal = Endings.Invalid(
                $"the inputs of a request to model '{_model.Name}' must have one batch size of at least 1 in their first dimension");
            return false;
        }

        if (rows > _former.MaxRows)
        {
            refusal = Endings.Invalid($"inference request batch-size must be <= {_former.MaxRows} for '{_model.Name}'");
            return false;
        }

        return true;
    }

    // Under the lock. Whether the answer cannot be there in time with what waits already.
    private bool IsHopeless(InferenceRequest request, long now, out InferenceEnding refusal)
    {
        refusal = default;
        if (request.Deadline == 0)
        {
            return false;
        }

        return IsTooLate(
            request.Deadline, now, _queue.RowsAheadOf(request.Priority), request.Rows, _profile.GetCurve(request.InputBytes / request.Rows), out refusal);
    }

    // Under the lock. The time until an answer is that until the request's batch is taken and that of the batch's run.
    private bool IsTooLate(long deadline, long now, long rowsAhead, int rows, CostCurve? curve, out InferenceEnding refusal)
    {
        refusal = default;
        var wait = TimeSpan.Zero;
        if (rowsAhead > 0 || Volatile.Read(ref _freeSlots) == 0)
        {
            // It will run with some of those before it, as many as are usually put together.
            _drainRate.ForgetBefore(now);
            wait = TimeToServe(rowsAhead + rows) * _waitMargin.Factor;
            rows = (int)Math.Min(Math.Max(rows, _drainRate.RowsPerBatch), rowsAhead + rows);
        }

        var expected = wait + TimeSpan.FromSeconds(curve?.ExpectedSeconds(rows) ?? 0);
        if (expected <= _time.GetElapsedTime(now, deadline) * DeadlineMargin)
        {
            return false;
        }

        refusal = Endings.Unattainable(_model.Name, expected, wait);
        return true;
    }

    // Under the lock.
    private TimeSpan TimeToServe(long rows)
    {
        var secondsPerRow = _drainRate.SecondsPerRow;
        if (secondsPerRow == 0 && _profile.Latest is { } curve)
        {
            secondsPerRow = curve.ExpectedSeconds(1) / Math.Min(_slots.Length, _engine.Gate.Permits);
        }

        return TimeSpan.FromSeconds(rows * secondsPerRow);
    }

    private long ExpectedRunTicks(InferenceRequest request, int rows) =>
        (long)(_profile.GetCurve(request.InputBytes / request.Rows).ExpectedSeconds(rows) * _time.TimestampFrequency);
}
