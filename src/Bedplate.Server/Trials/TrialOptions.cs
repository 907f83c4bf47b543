namespace Bedplate.Server.Trials;

/// <summary>Limits of the worker process in which a model is tried before it is loaded.</summary>
public sealed record TrialOptions
{
    /// <summary>
    /// Whether models are tried at all. On by default: a model can crash its runtime, and would take the server
    /// along.
    /// </summary>
    public bool Enabled { get; init; } = true;

    /// <summary>
    /// Most memory the worker may use. Default: half of the memory this process may use, which a model must leave to
    /// the requests in any case.
    /// </summary>
    public long MemoryLimitBytes { get; init; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;

    /// <summary>
    /// Most processor time from opening the file to the end of the first run, and an eighth of the most that it may take
    /// by the clock: a server under load leaves the worker little of a processor, which is no fault of the model.
    /// Default two minutes; a graph may never end.
    /// </summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromMinutes(2);
}
