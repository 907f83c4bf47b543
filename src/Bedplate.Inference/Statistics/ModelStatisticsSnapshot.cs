namespace Bedplate.Inference.Statistics;

/// <summary>
/// A version's statistics as they stood at one moment; the fields are those of the protocol's statistics extension.
/// </summary>
public sealed record ModelStatisticsSnapshot
{
    /// <summary>When the last request was answered; null before the first.</summary>
    public required DateTimeOffset? LastInference { get; init; }

    /// <summary>Rows inferred: a batch of n counts n.</summary>
    public required long InferenceCount { get; init; }

    /// <summary>Executions: a batch counts 1.</summary>
    public required long ExecutionCount { get; init; }

    /// <summary>Requests answered, from submission to answer.</summary>
    public required DurationCount Success { get; init; }

    /// <summary>Requests that ended otherwise.</summary>
    public required DurationCount Fail { get; init; }

    /// <summary>Waiting for a slot.</summary>
    public required DurationCount Queue { get; init; }

    /// <summary>Getting inputs ready for the runtime.</summary>
    public required DurationCount ComputeInput { get; init; }

    /// <summary>The runtime's own run.</summary>
    public required DurationCount ComputeInfer { get; init; }

    /// <summary>Getting outputs out of the runtime.</summary>
    public required DurationCount ComputeOutput { get; init; }

    /// <summary>Failures by kind of ending.</summary>
    public required IReadOnlyDictionary<EndingKind, long> FailuresByKind { get; init; }

    /// <summary>Executions by number of rows.</summary>
    public required IReadOnlyList<BatchStatistics> Batches { get; init; }

    /// <summary>Distribution of the whole request, queue, input, infer and output times.</summary>
    public required IReadOnlyDictionary<InferenceStage, LatencyHistogramSnapshot> Histograms { get; init; }

    /// <summary>Ticks per second of the durations here.</summary>
    public required long TicksPerSecond { get; init; }

    /// <summary>A duration of this snapshot in nanoseconds, as the protocol gives them.</summary>
    public long Nanoseconds(long ticks) => (long)((Int128)ticks * 1_000_000_000 / TicksPerSecond);
}

/// <summary>The executions of one batch size.</summary>
public sealed record BatchStatistics(int BatchSize, DurationCount ComputeInput, DurationCount ComputeInfer, DurationCount ComputeOutput);

/// <summary>The stages that time is accounted to.</summary>
public enum InferenceStage : byte
{
    /// <summary>From submission to answer.</summary>
    Request = 0,

    /// <summary>Waiting for a slot.</summary>
    Queue,

    /// <summary>Getting inputs ready for the runtime.</summary>
    ComputeInput,

    /// <summary>The runtime's own run.</summary>
    ComputeInfer,

    /// <summary>Getting outputs out of the runtime.</summary>
    ComputeOutput,
}
