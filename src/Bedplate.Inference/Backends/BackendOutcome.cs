namespace Bedplate.Inference.Backends;

/// <summary>What came of a piece of work given to a backend.</summary>
public enum BackendStatus : byte
{
    /// <summary>Done; the outputs are set.</summary>
    Succeeded = 0,

    /// <summary>The inputs were at fault; the same inputs would fail again.</summary>
    InvalidInput,

    /// <summary>The runtime failed.</summary>
    Failed,

    /// <summary>Stopped because termination was asked for.</summary>
    Terminated,
}

/// <summary>The outcome of a run, step or join, as a value that can cross a process border.</summary>
public readonly record struct BackendOutcome(BackendStatus Status, string? Message = null)
{
    /// <summary>The outcome of work that was done.</summary>
    public static BackendOutcome Success => default;

    /// <summary>Whether the work was done.</summary>
    public bool IsSuccess => Status == BackendStatus.Succeeded;

    /// <summary>The runtime failed with this text.</summary>
    public static BackendOutcome Failure(string message) => new(BackendStatus.Failed, message);
}
