namespace Bedplate.Inference.Models;

/// <summary>Whether and how requests of a model are executed together.</summary>
public enum BatchingMode : byte
{
    /// <summary>Each request is executed by itself.</summary>
    Off = 0,

    /// <summary>As the configuration says, with Triton's semantics. Needs a declared batch dimension.</summary>
    Configured,

    /// <summary>
    /// As measured: which dimension is the batch is found by a trial that rows together equal rows apart, and the
    /// size follows the model's own cost curve.
    /// </summary>
    Learned,
}

/// <summary>Batching and queueing of one model. The fields after the mode are Triton's ModelDynamicBatching.</summary>
public sealed record BatchingSpec
{
    /// <summary>No batching.</summary>
    public static BatchingSpec Off { get; } = new() { Mode = BatchingMode.Off };

    /// <summary>The default without configuration: learned batching, callers may set their own queue timeout.</summary>
    public static BatchingSpec Learned { get; } = new()
    {
        Mode = BatchingMode.Learned,
        DefaultQueuePolicy = new QueuePolicy { AllowTimeoutOverride = true },
    };

    /// <summary>How batches are formed.</summary>
    public required BatchingMode Mode { get; init; }

    /// <summary>Sizes at which a batch is sent at once; the largest reachable is taken. Empty for the maximum only.</summary>
    public IReadOnlyList<int> PreferredBatchSizes { get; init; } = [];

    /// <summary>How long a request may be held back so that others can join. Zero, the default, holds nothing back.</summary>
    public TimeSpan MaxQueueDelay { get; init; }

    /// <summary>Whether responses leave in the order in which requests came.</summary>
    public bool PreserveOrdering { get; init; }

    /// <summary>Number of priority levels, 1 the most urgent; 0 when the model has no priorities.</summary>
    public int PriorityLevels { get; init; }

    /// <summary>Level of requests that name none (or name 0, or one out of range).</summary>
    public int DefaultPriorityLevel { get; init; }

    /// <summary>The queue policy of levels without one of their own.</summary>
    public QueuePolicy DefaultQueuePolicy { get; init; } = new();

    /// <summary>Queue policies by level.</summary>
    public IReadOnlyDictionary<int, QueuePolicy> QueuePolicies { get; init; } = new Dictionary<int, QueuePolicy>();
}

/// <summary>What happens to a request whose queue timeout passes.</summary>
public enum QueueTimeoutAction : byte
{
    /// <summary>It ends with <see cref="EndingReason.QueueTimeout"/>.</summary>
    Reject = 0,

    /// <summary>It waits on, behind all requests of its level and more urgent ones that are still in time.</summary>
    Delay,
}

/// <summary>Bounds of one priority level's queue (Triton's ModelQueuePolicy).</summary>
public sealed record QueuePolicy
{
    /// <summary>What happens at the timeout.</summary>
    public QueueTimeoutAction TimeoutAction { get; init; }

    /// <summary>How long requests may wait; zero for as long as it takes.</summary>
    public TimeSpan DefaultTimeout { get; init; }

    /// <summary>Whether a request may bring a timeout of its own; it can only shorten the default.</summary>
    public bool AllowTimeoutOverride { get; init; }

    /// <summary>Most requests waiting; 0 for the engine's own bound, as nothing here is unbounded.</summary>
    public int MaxQueueSize { get; init; }
}
