using System.Runtime.InteropServices;

namespace Bedplate.Bench.Measurement;

/// <summary>
/// What happened in a span of time: one load thread in one window, or, after <see cref="Add"/>, several of both.
/// A request counts in the window in which it ended; sending counts where it was sent.
/// </summary>
internal sealed class LoadRecord
{
    private readonly Dictionary<Outcome, Failure> _failures = [];

    /// <summary>Requests handed to the network.</summary>
    public long Sent { get; set; }

    /// <summary>Requests answered (and, with verification, answered right) within the measured time.</summary>
    public long Answered { get; private set; }

    /// <summary>Of those, the ones within the deadline; equal to <see cref="Answered"/> when there is none.</summary>
    public long AnsweredInTime { get; private set; }

    /// <summary>Requests that ended without their answer.</summary>
    public long Failed { get; private set; }

    /// <summary>Of those, the ones that the server refused (<see cref="Outcome.IsRefusal"/>).</summary>
    public long Refused => RefusedLatency.Count;

    /// <summary>Of those, the ones whose deadline passed at the server (<see cref="Outcome.IsExpiry"/>).</summary>
    public long Expired => _failures.Where(failure => failure.Key.IsExpiry).Sum(failure => failure.Value.Count);

    /// <summary>
    /// Open loop: requests sent late because the bound on requests in flight was reached when they were due.
    /// </summary>
    public long HeldBack { get; set; }

    /// <summary>Open loop: requests due in the measured time that were never sent.</summary>
    public long Unsent { get; set; }

    /// <summary>Requests still without an answer when the run stopped waiting.</summary>
    public long Abandoned { get; set; }

    /// <summary>From the intended (open loop) or actual (closed loop) send time to the end of the answer.</summary>
    public LatencyHistogram Latency { get; } = new();

    /// <summary>The same, of refused requests.</summary>
    public LatencyHistogram RefusedLatency { get; } = new();

    /// <summary>Open loop: from the intended to the actual send time.</summary>
    public LatencyHistogram SendLag { get; } = new();

    /// <summary>Sum over the answered requests of the time from the answer's first to its last bytes.</summary>
    public double ReceiveNanoseconds { get; private set; }

    /// <summary>
    /// The span covered by one thread; merging windows of one thread adds up, merging threads does not.
    /// </summary>
    public long ElapsedNanoseconds { get; set; }

    /// <summary>Time within the span in which the thread did not wait for the network or the clock.</summary>
    public long BusyNanoseconds { get; set; }

    /// <summary>Failures by kind, with the first message of each.</summary>
    public IReadOnlyDictionary<Outcome, Failure> Failures => _failures;

    /// <summary>Counts an answer.</summary>
    public void RecordAnswer(long latencyNanoseconds, long receiveNanoseconds, bool inTime)
    {
        Answered++;
        AnsweredInTime += inTime ? 1 : 0;
        Latency.Record(latencyNanoseconds);
        ReceiveNanoseconds += receiveNanoseconds;
    }

    /// <summary>Counts a failure; true when it is the first of its kind, and its message is wanted.</summary>
    public bool RecordFailure(Outcome outcome, long latencyNanoseconds)
    {
        Failed++;
        if (outcome.IsRefusal)
        {
            RefusedLatency.Record(latencyNanoseconds);
        }

        ref var failure = ref CollectionsMarshal.GetValueRefOrAddDefault(_failures, outcome, out var exists);
        failure = failure with { Count = failure.Count + 1 };
        return !exists;
    }

    /// <summary>Keeps the message of the first failure of a kind.</summary>
    public void Describe(Outcome outcome, string message)
    {
        ref var failure = ref CollectionsMarshal.GetValueRefOrNullRef(_failures, outcome);
        failure = failure with { FirstMessage = message };
    }

    /// <summary>
    /// Adds another record; its elapsed time too when it continues this one, not when it ran beside it.
    /// </summary>
    public void Add(LoadRecord other, bool continues)
    {
        Sent += other.Sent;
        Answered += other.Answered;
        AnsweredInTime += other.AnsweredInTime;
        Failed += other.Failed;
        HeldBack += other.HeldBack;
        Unsent += other.Unsent;
        Abandoned += other.Abandoned;
        Latency.Add(other.Latency);
        RefusedLatency.Add(other.RefusedLatency);
        SendLag.Add(other.SendLag);
        ReceiveNanoseconds += other.ReceiveNanoseconds;
        BusyNanoseconds += other.BusyNanoseconds;
        ElapsedNanoseconds = continues
            ? ElapsedNanoseconds + other.ElapsedNanoseconds
            : Math.Max(ElapsedNanoseconds, other.ElapsedNanoseconds);
        AddFailures(other);
    }

    /// <summary>
    /// Adds how the requests went on that this record left unsent or unanswered. Their latencies count; the answers do
    /// not, as they came after the time that throughput is counted over.
    /// </summary>
    public void AddCarried(LoadRecord carried)
    {
        HeldBack += carried.HeldBack;
        SendLag.Add(carried.SendLag);
        Failed += carried.Failed;
        Unsent += carried.Unsent;
        Abandoned += carried.Abandoned;
        Latency.Add(carried.Latency);
        RefusedLatency.Add(carried.RefusedLatency);
        AddFailures(carried);
    }

    private void AddFailures(LoadRecord other)
    {
        foreach (var (outcome, theirs) in other._failures)
        {
            ref var ours = ref CollectionsMarshal.GetValueRefOrAddDefault(_failures, outcome, out _);
            ours = new Failure(ours.Count + theirs.Count, ours.FirstMessage ?? theirs.FirstMessage);
        }
    }

    /// <summary>One kind of failure.</summary>
    public readonly record struct Failure(long Count, string? FirstMessage);
}
