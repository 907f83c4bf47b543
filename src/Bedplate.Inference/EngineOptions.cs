using Bedplate.Tensors;

namespace Bedplate.Inference;

/// <summary>
/// Bounds of one engine. Memory defaults follow the memory this process may use, which inside a container is the
/// container's limit.
/// </summary>
public sealed record EngineOptions
{
    private static long AvailableBytes => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>
    /// Executions that compute at the same time, over all models. 0, the default, is the number of processors this
    /// process may use: each execution keeps one busy, and more would only take turns.
    /// </summary>
    public int ComputeThreads { get; init; }

    /// <summary>
    /// A run shorter than this may be done on the thread that decoded the request. The default, 100 µs, is about what
    /// handing over to another thread and back costs in the worst case, and short enough that health and other
    /// requests on that thread do not notice.
    /// </summary>
    public TimeSpan InlineRunLimit { get; init; } = TimeSpan.FromMicroseconds(100);

    /// <summary>
    /// A model whose runs are shorter than this may start although all permits are taken, in one of a few extra
    /// permits, so that it does not wait behind runs a hundred times its length. The default, 1 ms, is the
    /// granularity at which the operating system shares a processor anyway.
    /// </summary>
    public TimeSpan ShortRunLimit { get; init; } = TimeSpan.FromMilliseconds(1);

    /// <summary>
    /// Most requests waiting for one model where its configuration does not say. The default, 1,024, is a few seconds
    /// of work for a 10 ms model; a longer queue only turns refusals into timeouts.
    /// </summary>
    public int QueueLimit { get; init; } = 1024;

    /// <summary>
    /// Most bytes of request inputs and undelivered answers, over all models; the last eighth is kept for requests that
    /// weigh little. Default: a quarter of the available memory, which leaves room for weights and activations.
    /// </summary>
    public long InFlightByteLimit { get; init; } = AvailableBytes / 4;

    /// <summary>
    /// Most bytes of intermediate results one request may be expected to cause. Default: a quarter of the available
    /// memory. A model of dynamic shape can need twenty times the size of its input.
    /// </summary>
    public long ActivationByteLimit { get; init; } = AvailableBytes / 4;

    /// <summary>
    /// Bytes of returned tensor memory kept for reuse. Default: 64 MiB, or a sixteenth of the available memory where
    /// that is less.
    /// </summary>
    public long TensorCacheBytes { get; init; } = Math.Min(64L << 20, AvailableBytes / 16);

    /// <summary>
    /// Most rows that learned batching puts together. Default 64: beyond it no model measured here gained.
    /// </summary>
    public int LearnedBatchLimit { get; init; } = 64;

    /// <summary>
    /// Models that are loaded at the same time, on threads of low priority. Default 1, so that loading takes at most
    /// one processor from serving.
    /// </summary>
    public int LoadThreads { get; init; } = 1;

    /// <summary>Where request inputs live. Null for a pool of the engine's own; tests bring one that finds leaks.</summary>
    public TensorMemoryPool? Memory { get; init; }

    /// <summary>The clock. Null for the system's.</summary>
    public TimeProvider? Time { get; init; }

    /// <summary>All faults of these options, each naming the option; empty when they can be used.</summary>
    public IReadOnlyList<string> Validate()
    {
        var faults = new List<string>();
        Require(ComputeThreads >= 0, $"{nameof(ComputeThreads)} is {ComputeThreads}; it must be 0 (as many as processors) or more.");
        Require(InlineRunLimit >= TimeSpan.Zero, $"{nameof(InlineRunLimit)} is {InlineRunLimit}; it must not be negative.");
        Require(ShortRunLimit >= TimeSpan.Zero, $"{nameof(ShortRunLimit)} is {ShortRunLimit}; it must not be negative.");
        Require(QueueLimit >= 1, $"{nameof(QueueLimit)} is {QueueLimit}; it must be at least 1.");
        Require(InFlightByteLimit >= 1, $"{nameof(InFlightByteLimit)} is {InFlightByteLimit}; it must be at least 1 byte.");
        Require(ActivationByteLimit >= 1, $"{nameof(ActivationByteLimit)} is {ActivationByteLimit}; it must be at least 1 byte.");
        Require(TensorCacheBytes >= 0, $"{nameof(TensorCacheBytes)} is {TensorCacheBytes}; it must not be negative.");
        Require(LearnedBatchLimit is >= 1 and <= 1024, $"{nameof(LearnedBatchLimit)} is {LearnedBatchLimit}; it must be from 1 to 1024.");
        Require(LoadThreads is >= 1 and <= 64, $"{nameof(LoadThreads)} is {LoadThreads}; it must be from 1 to 64.");
        return faults;

        void Require(bool holds, string fault)
        {
            if (!holds)
            {
                faults.Add(fault);
            }
        }
    }
}
