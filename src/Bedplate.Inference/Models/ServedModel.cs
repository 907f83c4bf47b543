using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Bedplate.Inference.Backends;
using Bedplate.Inference.Scheduling;
using Bedplate.Inference.Statistics;
using Bedplate.Tensors;

namespace Bedplate.Inference.Models;

/// <summary>
/// One loaded version of a model: what a request is resolved to. Immutable but for its drain; a reload makes a new
/// one. It cannot go away under a request: each rented request is a lease.
/// </summary>
public sealed class ServedModel
{
    // Requests kept for reuse beyond the one in the fast slot; more than this in flight at once are allocated.
    private const int MaxPooledRequests = 256;

    private readonly ConcurrentQueue<InferenceRequest> _pool = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ILoadedModel _backendModel;
    private readonly SpareMemory _spare;
    private readonly byte[] _utf8Name;
    private InferenceRequest? _pooled;
    private int _pooledCount;
    private int _leases;
    private bool _isDraining;

    internal ServedModel(
        InferenceEngine engine, ModelSpec spec, VersionSource source, IBackend backend, ILoadedModel backendModel, ModelStatistics statistics)
    {
        Engine = engine;
        Spec = spec;
        Source = source;
        Platform = backend.Platform;
        Statistics = statistics;
        _backendModel = backendModel;
        _spare = new SpareMemory(engine.Time);
        Signature = backendModel.Signature;
        _utf8Name = Encoding.UTF8.GetBytes(spec.Name);
        VersionText = source.Number.ToString(CultureInfo.InvariantCulture);
        var slots = spec.InstanceCount == 0 ? engine.Gate.Permits : spec.InstanceCount;
        InstanceCount = slots;
        Scheduler = backendModel switch
        {
            ICallModel call => new CallScheduler(this, call, slots, statistics),
            IStepModel step => new StepScheduler(this, step, slots, statistics),
            _ => throw new ModelLoadException($"Backend '{backend.Name}' gave a model of no known kind."),
        };
    }

    /// <summary>The model's name.</summary>
    public string Name => Spec.Name;

    /// <summary>The model's name as it stands on the wire.</summary>
    public ReadOnlySpan<byte> Utf8Name => _utf8Name;

    /// <summary>The version's number.</summary>
    public long Version => Source.Number;

    /// <summary>The version's number as it stands on the wire.</summary>
    public string VersionText { get; }

    /// <summary>Inputs and outputs.</summary>
    public ModelSignature Signature { get; }

    /// <summary>What was asked for.</summary>
    public ModelSpec Spec { get; }

    /// <summary>Its content.</summary>
    public VersionSource Source { get; }

    /// <summary>The backend's platform, as model metadata reports it.</summary>
    public string Platform { get; }

    /// <summary>Concurrency slots.</summary>
    public int InstanceCount { get; }

    /// <summary>Whether a request may have any number of responses, which only a protocol with streams can deliver.</summary>
    public bool IsDecoupled => _backendModel is IStepModel;

    /// <summary>Whether it answered zeros in the shapes of its signature, variable dimensions being 1, when it was warmed up.</summary>
    public bool AnswersZeros { get; internal set; }

    /// <summary>What came instead when it was to answer zeros; null when it did, or was not asked.</summary>
    public string? WarmupFailure { get; internal set; }

    /// <summary>What it has done.</summary>
    public ModelStatistics Statistics { get; }

    /// <summary>Requests that wait and do not run yet.</summary>
    public int PendingCount => Scheduler.PendingCount;

    /// <summary>Bytes held for the model itself, as far as its runtime tells.</summary>
    public long MemoryBytes => _backendModel.MemoryBytes;

    /// <summary>Where inputs for this model are rented.</summary>
    public TensorMemoryPool Memory => Engine.Memory;

    internal InferenceEngine Engine { get; }

    internal ModelScheduler Scheduler { get; }

    internal ILoadedModel BackendModel => _backendModel;

    /// <summary>
    /// A request for this version, to be filled, run and disposed. Null when the version is being unloaded: look the
    /// model up again.
    /// </summary>
    public InferenceRequest? TryRent()
    {
        if (!TryLease())
        {
            return null;
        }

        var request = Interlocked.Exchange(ref _pooled, null);
        if (request is null)
        {
            if (_pool.TryDequeue(out request))
            {
                Interlocked.Decrement(ref _pooledCount);
            }
            else
            {
                request = new InferenceRequest(this);
            }
        }

        request.Rent();
        return request;
    }

    /// <summary>
    /// Whether a request with this end-to-end deadline (<see cref="TimeSpan.Zero"/> for none) would be refused now, as
    /// far as can be told without it. Lets a protocol refuse before it reads a body.
    /// </summary>
    public bool WouldRefuse(TimeSpan deadlineFromNow, ulong priority, out InferenceEnding refusal)
    {
        if (deadlineFromNow == TimeSpan.Zero)
        {
            refusal = default;
            return false;
        }

        var deadline = Engine.Time.GetTimestamp() + Engine.Time.ToTicks(deadlineFromNow);
        return Scheduler.WouldRefuse(deadline, priority, out refusal);
    }

    internal void Return(InferenceRequest request)
    {
        if (Interlocked.CompareExchange(ref _pooled, request, null) is not null
            && Interlocked.Increment(ref _pooledCount) <= MaxPooledRequests)
        {
            _pool.Enqueue(request);
        }

        ReleaseLease();
    }

    /// <summary>Gives memory back that runs have left behind and none has needed since.</summary>
    internal void GiveBackSpareMemory()
    {
        if (!TryLease())
        {
            return;
        }

        try
        {
            _spare.Look(_backendModel, Statistics.ExecutionCount);
        }
        finally
        {
            ReleaseLease();
        }
    }

    /// <summary>Takes no further request; the task ends when the last one has been disposed.</summary>
    internal Task DrainAsync()
    {
        Interlocked.Increment(ref _leases);
        Volatile.Write(ref _isDraining, true);
        ReleaseLease();
        return _drained.Task;
    }

    /// <summary>Frees the instances and the model. Only after the drain.</summary>
    internal void Unload()
    {
        Scheduler.Dispose();
        _backendModel.Dispose();
    }

    /// <summary>Keeps the version from being unloaded until <see cref="ReleaseLease"/>; false when that has begun.</summary>
    internal bool TryLease()
    {
        Interlocked.Increment(ref _leases);
        if (!Volatile.Read(ref _isDraining))
        {
            return true;
        }

        ReleaseLease();
        return false;
    }

    /// <summary>Gives back what <see cref="TryLease"/> gave.</summary>
    internal void ReleaseLease()
    {
        if (Interlocked.Decrement(ref _leases) == 0 && Volatile.Read(ref _isDraining))
        {
            _drained.TrySetResult();
        }
    }
}
