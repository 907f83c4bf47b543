using System.Diagnostics;
using System.Threading.Tasks.Sources;
using Bedplate.Inference.Models;
using Bedplate.Inference.Scheduling;
using Bedplate.Tensors;

namespace Bedplate.Inference;

/// <summary>
/// A request on its way through the engine: rented from the version it is for (<see cref="ServedModel.TryRent"/>),
/// filled by whoever decoded it, run once, disposed once. While it lives, its version cannot be unloaded.
/// </summary>
/// <remarks>
/// Objects are pooled. Two parties may hold one: the caller, until <see cref="Dispose"/>, and the execution it runs
/// in, until that ends, which can be later when the caller gave up early. The object is reused only after both have
/// let go. <see cref="_state"/> moves Filling → Queued → Running → Ended (or straight to Ended), each step by
/// compare-and-exchange, so that exactly one party decides the ending.
/// </remarks>
public sealed class InferenceRequest : IValueTaskSource<InferenceEnding>, IDisposable
{
    private readonly Tensor[] _inputs;
    private readonly bool[] _outputRequested;
    private InferenceResponse _response;
    private ManualResetValueTaskSourceCore<InferenceEnding> _completion = new() { RunContinuationsAsynchronously = true };
    private bool _allOutputs = true;
    private int _state;
    private int _holders;

    internal InferenceRequest(ServedModel model)
    {
        Model = model;
        _inputs = new Tensor[model.Signature.Inputs.Length];
        _outputRequested = new bool[model.Signature.Outputs.Length];
        _response = new InferenceResponse(model);
    }

    /// <summary>The version that will answer.</summary>
    public ServedModel Model { get; }

    /// <summary>Who asks.</summary>
    public Caller Caller { get; set; } = Caller.Anonymous;

    /// <summary>The trace this request belongs to; default for none.</summary>
    public ActivityContext TraceContext { get; set; }

    /// <summary>
    /// End-to-end deadline as a timestamp of the engine's <see cref="TimeProvider"/>; 0 for none. Set with
    /// <see cref="SetDeadline"/>.
    /// </summary>
    public long Deadline { get; private set; }

    /// <summary>Priority level, 1 the most urgent; 0 for the model's default.</summary>
    public ulong Priority { get; set; }

    /// <summary>Triton's <c>timeout</c> parameter: how long the request may wait in the queue; zero for the model's default.</summary>
    public TimeSpan QueueTimeout { get; set; }

    /// <summary>Parameters of this request for the backend; null when there are none.</summary>
    public IReadOnlyDictionary<string, ParameterValue>? Parameters { get; set; }

    /// <summary>Takes the responses of models that give more than one; null for the single response.</summary>
    public IResponseSink? Sink { get; set; }

    /// <summary>The inputs, indexed as the model's signature. Empty once the request runs.</summary>
    public ReadOnlySpan<Tensor> Inputs => _inputs;

    /// <summary>The single response, after an ending of <see cref="EndingKind.Completed"/>; freed by <see cref="Dispose"/>.</summary>
    public InferenceResponse Response => _response;

    /// <summary>Where input memory is rented: what suits the model's backend best.</summary>
    public TensorMemoryPool Memory => Model.Memory;

    /// <summary>Puts a tensor in place and takes over its reference. An input can be set once.</summary>
    public void SetInput(int index, in Tensor tensor)
    {
        Debug.Assert(!_inputs[index].IsPresent, "An input is set once.");
        _inputs[index] = tensor;
    }

    /// <summary>Asks for this output; without any such call all outputs are computed.</summary>
    public void RequestOutput(int index)
    {
        _allOutputs = false;
        _outputRequested[index] = true;
    }

    /// <summary>Whether an output is wanted.</summary>
    public bool IsOutputRequested(int index) => _allOutputs || _outputRequested[index];

    /// <summary>Bounds the request's whole time, counted from now.</summary>
    public void SetDeadline(TimeSpan fromNow)
    {
        var time = Model.Engine.Time;
        Deadline = time.GetTimestamp() + time.ToTicks(fromNow);
    }

    /// <summary>
    /// Runs the request to its one ending. May complete before it returns (a small model runs on the calling thread).
    /// </summary>
    public ValueTask<InferenceEnding> RunAsync() => Model.Scheduler.Submit(this);

    /// <summary>
    /// The caller no longer waits. A queued request leaves the queue at once; a running one ends at once for the
    /// caller, and its execution is stopped when all its members are given up. Nothing happens when it has ended.
    /// </summary>
    public void Cancel() => Model.Scheduler.Abandon(this, new InferenceEnding(EndingKind.Cancelled, message: "The request was cancelled by the caller."));

    /// <summary>Says that the sink can take responses again after it refused one.</summary>
    public void ResumeResponses() => Model.Scheduler.ResumeResponses(this);

    /// <summary>
    /// Puts a tensor in the place of an output of the single response, after its ending, and takes over its reference. For a
    /// protocol that answers with something made of an output.
    /// </summary>
    public void ReplaceOutput(int index, in Tensor tensor)
    {
        var before = _response.ByteLength;
        _response.ReplaceOutput(index, tensor);
        Model.Engine.InFlight.AddAnswer(_response.ByteLength - before);
    }

    /// <summary>Frees what the request holds and lets go of the version.</summary>
    public void Dispose() => LetGo();

    // What follows is the scheduler's side.

    internal long SubmittedAt { get; set; }

    internal int Rows { get; set; }

    /// <summary>Whether its rows are counted and it may share an execution.</summary>
    internal bool IsBatchable { get; set; }

    internal long InputBytes { get; set; }

    internal int Level { get; set; }

    /// <summary>When the queue timeout passes; 0 for never.</summary>
    internal long QueueDue { get; set; }

    /// <summary>Place in the fair order of its level; see <see cref="RequestQueue"/>.</summary>
    internal double FairTag { get; set; }

    internal bool IsDelayed { get; set; }

    /// <summary>Whether its execution, and nobody before it, decided its ending.</summary>
    internal bool IsClaimed { get; set; }

    internal InferenceRequest? Previous { get; set; }

    internal InferenceRequest? Next { get; set; }

    /// <summary>The slot that executes it, while it runs; guarded by the scheduler's lock.</summary>
    internal CallSlot? Slot { get; set; }

    /// <summary>The running batch it is a member of; guarded by the scheduler's lock.</summary>
    internal StepSlot? StepSlot { get; set; }

    /// <summary>Its identity in that batch.</summary>
    internal long MemberId { get; set; }

    internal RequestState State => (RequestState)Volatile.Read(ref _state);

    internal Span<Tensor> MutableInputs => _inputs;

    internal void Rent()
    {
        Volatile.Write(ref _state, (int)RequestState.Filling);
        Volatile.Write(ref _holders, 1);
    }

    internal bool TryMove(RequestState from, RequestState to) =>
        Interlocked.CompareExchange(ref _state, (int)to, (int)from) == (int)from;

    /// <summary>Puts a response in the place of the single one, which goes back.</summary>
    internal void TakeResponse(InferenceResponse response)
    {
        Model.Engine.InFlight.AddAnswer(response.ByteLength - _response.ByteLength);
        _response.Release();
        _response = response;
    }

    /// <summary>A second holder (the execution) comes in.</summary>
    internal void Hold() => Interlocked.Increment(ref _holders);

    /// <summary>One holder goes; the last one returns the object to its pool.</summary>
    internal void LetGo()
    {
        if (Interlocked.Decrement(ref _holders) != 0)
        {
            return;
        }

        Reset();
        Model.Return(this);
    }

    /// <summary>The ending of a request that nobody awaits yet; see <see cref="ModelScheduler.Submit"/>.</summary>
    internal ValueTask<InferenceEnding> AsPending() => new(this, _completion.Version);

    /// <summary>Delivers the ending; called by whoever moved the state to Ended.</summary>
    internal void Complete(in InferenceEnding ending)
    {
        Debug.Assert(State == RequestState.Ended, "Only an ended request has an ending.");
        _completion.SetResult(ending);
    }

    InferenceEnding IValueTaskSource<InferenceEnding>.GetResult(short token) => _completion.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<InferenceEnding>.GetStatus(short token) => _completion.GetStatus(token);

    void IValueTaskSource<InferenceEnding>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _completion.OnCompleted(continuation, state, token, flags);

    private void Reset()
    {
        for (var i = 0; i < _inputs.Length; i++)
        {
            _inputs[i].Release();
        }

        if (_response.ByteLength != 0)
        {
            Model.Engine.InFlight.RemoveAnswer(_response.ByteLength);
        }

        _response.Release();
        if (!_allOutputs)
        {
            Array.Clear(_outputRequested);
            _allOutputs = true;
        }

        _completion.Reset();
        Caller = Caller.Anonymous;
        TraceContext = default;
        Deadline = 0;
        Priority = 0;
        QueueTimeout = default;
        Parameters = null;
        Sink = null;
        QueueDue = 0;
        IsDelayed = false;
    }
}

/// <summary>Where a request is; see <see cref="InferenceRequest"/>.</summary>
internal enum RequestState
{
    Filling = 0,
    Queued,
    Running,
    Ended,
}
