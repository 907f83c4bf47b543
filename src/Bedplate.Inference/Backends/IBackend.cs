using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Inference.Backends;

/// <summary>
/// A runtime that can hold models. There are two kinds of model: <see cref="ICallModel"/> answers a batch with one
/// execution, <see cref="IStepModel"/> keeps a running batch that members join and leave between iterations. All
/// that passes between engine and backend is plain values, tensors in buffers and outcomes; no callback, delegate
/// or object of the engine goes across. A backend can therefore live in another process: a tensor whose buffer is
/// shared memory is named there by region and offset (docs/decisions/0003-backend-contract.md).
/// </summary>
public interface IBackend
{
    /// <summary>The name configurations use, as in "onnxruntime".</summary>
    string Name { get; }

    /// <summary>The platform reported in model metadata, as in "onnxruntime_onnx".</summary>
    string Platform { get; }

    /// <summary>
    /// Whether a model can take the process down with it, so that it is tried in a worker process first
    /// (<see cref="IModelTrial"/>).
    /// </summary>
    bool RunsNativeCode { get; }

    /// <summary>
    /// Loads a model on the calling thread, which is a loader thread: it may take minutes. Throws
    /// <see cref="ModelLoadException"/> with a text for the operator when the model cannot be loaded.
    /// </summary>
    /// <param name="source">What to load, and how to hold it.</param>
    /// <param name="memory">Where outputs that the runtime has in another form than ours are laid out.</param>
    /// <param name="cancellationToken">Ends the load early where the runtime allows.</param>
    ILoadedModel Load(ModelSource source, TensorMemoryPool memory, CancellationToken cancellationToken);
}

/// <summary>A model held by a backend. Disposing gives its memory back; no instance of it may be running.</summary>
public interface ILoadedModel : IDisposable
{
    /// <summary>Inputs and outputs, as the model file has them.</summary>
    ModelSignature Signature { get; }

    /// <summary>Bytes held for the model itself (weights and the runtime's structures), as far as the runtime tells; 0 when it does not.</summary>
    long MemoryBytes { get; }

    /// <summary>
    /// Most bytes the runtime has held for intermediate results since loading, as far as it tells; 0 when it does
    /// not. Read after runs of known size, it says what a request of another size will need.
    /// </summary>
    long PeakActivationBytes { get; }

    /// <summary>
    /// Bytes that the runtime keeps for runs to come and that none uses now, as far as it tells and can give them back;
    /// 0 when it keeps none.
    /// </summary>
    long SpareBytes => 0;

    /// <summary>
    /// Gives <see cref="SpareBytes"/> back to the operating system, as far as they are not scattered between bytes in
    /// use. Runs may be in flight; they may be held up by it for as long as it takes.
    /// </summary>
    void GiveBackSpare()
    {
    }
}

/// <summary>A model that answers a whole batch with one execution.</summary>
public interface ICallModel : ILoadedModel
{
    /// <summary>
    /// Creates a concurrency slot. Where the runtime allows concurrent runs, slots share the model's weights;
    /// otherwise each slot brings its own copy.
    /// </summary>
    ICallInstance CreateInstance();
}

/// <summary>A concurrency slot of a call model: one run at a time.</summary>
public interface ICallInstance : IDisposable
{
    /// <summary>
    /// Runs on the calling thread to the end. On success every requested output is set in
    /// <see cref="CallExecution.Outputs"/>, one reference each; on any other outcome none is. The inputs stay the
    /// engine's and are not touched after the return.
    /// </summary>
    BackendOutcome Run(CallExecution execution);

    /// <summary>
    /// Asks, from another thread, that the run with this <see cref="CallExecution.Id"/> stop. Cooperative: the run
    /// ends at the next point where the runtime looks. One that has not begun yet ends as it begins; one that is over
    /// stays as it is. Ids grow from run to run of a slot.
    /// </summary>
    void Terminate(long executionId);
}

/// <summary>A model that advances a running batch one iteration at a time (language models).</summary>
public interface IStepModel : ILoadedModel
{
    /// <summary>Creates an instance with its own running batch and state memory.</summary>
    IStepInstance CreateInstance();
}

/// <summary>One running batch. Called by one thread at a time.</summary>
public interface IStepInstance : IDisposable
{
    /// <summary>
    /// Lets a request join the running batch from the next step on. When it says <see cref="StepAdmission.Joined"/>
    /// the member's input tensors are the instance's; otherwise they stay the caller's.
    /// </summary>
    StepAdmission TryJoin(StepMember member, out string? refusal);

    /// <summary>Advances every member by one iteration and records what came of it in <paramref name="results"/>.</summary>
    BackendOutcome Step(StepResults results);

    /// <summary>
    /// Holds a member back from further steps, or lets it go on: its reader is slow and its responses would pile up.
    /// A held member keeps its state.
    /// </summary>
    void SetPaused(long memberId, bool paused);

    /// <summary>Drops a member (cancelled, out of time) and frees its state at once.</summary>
    void Leave(long memberId);

    /// <summary>State held and still free, as admission counts it.</summary>
    StepCapacity Capacity { get; }
}
