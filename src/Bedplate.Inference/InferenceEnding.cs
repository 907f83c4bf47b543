namespace Bedplate.Inference;

/// <summary>How a request ended. Decided by the engine from what it did, never read from a runtime's text.</summary>
public enum EndingKind : byte
{
    /// <summary>All responses were given.</summary>
    Completed = 0,

    /// <summary>The request itself is wrong and would be wrong again.</summary>
    Invalid,

    /// <summary>The caller gave up: it disconnected or cancelled.</summary>
    Cancelled,

    /// <summary>The request's own time ran out: its end-to-end deadline or its queue timeout.</summary>
    DeadlineExceeded,

    /// <summary>We refused or dropped it to keep a bound; the same request may succeed later.</summary>
    Shed,

    /// <summary>The backend reported an error or broke its contract.</summary>
    Failed,
}

/// <summary>Why, within the kind. Bounded, so that it can be a metric's label.</summary>
public enum EndingReason : byte
{
    /// <summary>Nothing to add to the kind.</summary>
    None = 0,

    /// <summary>The model's queue holds as many requests as it may.</summary>
    QueueFull,

    /// <summary>The request waited longer than its queue timeout.</summary>
    QueueTimeout,

    /// <summary>The end-to-end deadline passed while the request waited or ran.</summary>
    DeadlinePassed,

    /// <summary>Admission found that the answer cannot be ready by the deadline.</summary>
    DeadlineUnattainable,

    /// <summary>The bytes of requests and answers in flight are at their bound.</summary>
    MemoryLimit,

    /// <summary>Running the request would need more activation memory than one request may cause.</summary>
    ActivationLimit,

    /// <summary>The model is being unloaded or replaced and takes no new requests.</summary>
    Unloading,

    /// <summary>The run was stopped because nobody waited for it any more.</summary>
    Terminated,

    /// <summary>The runtime returned an error.</summary>
    BackendError,
}

/// <summary>The one ending of a request, with what a caller needs to act on it.</summary>
public readonly struct InferenceEnding(
    EndingKind kind, EndingReason reason = EndingReason.None, string? message = null, TimeSpan retryAfter = default)
{
    /// <summary>How it ended.</summary>
    public EndingKind Kind { get; } = kind;

    /// <summary>Why.</summary>
    public EndingReason Reason { get; } = reason;

    /// <summary>What was wrong, with the value, and what to do; null when completed.</summary>
    public string? Message { get; } = message;

    /// <summary>When trying again may succeed; zero where waiting does not help.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;

    /// <summary>The ending of a request that was answered.</summary>
    public static InferenceEnding Completed => default;

    /// <summary>Whether the request was answered.</summary>
    public bool IsCompleted => Kind == EndingKind.Completed;

    /// <inheritdoc/>
    public override string ToString() => Message is null ? $"{Kind}" : $"{Kind}/{Reason}: {Message}";
}
