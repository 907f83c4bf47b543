using System.Collections.Immutable;

namespace Bedplate.Bench.Clients.OpenInference;

/// <summary>
/// The statistics extension's counters of one model, over all its versions; they only grow, and a span of time is
/// the difference of two readings.
/// </summary>
internal sealed record ServerStatistics
{
    /// <summary>Inferences; a batch of 8 counts 8.</summary>
    public long Inferences { get; init; }

    /// <summary>Executions of the model; a batch counts 1.</summary>
    public long Executions { get; init; }

    /// <summary>Requests that succeeded: from their arrival to their response.</summary>
    public Duration Success { get; init; }

    /// <summary>Requests that failed.</summary>
    public Duration Failure { get; init; }

    /// <summary>Waiting for an instance.</summary>
    public Duration Queue { get; init; }

    /// <summary>Laying out the inputs.</summary>
    public Duration ComputeInput { get; init; }

    /// <summary>Running the model.</summary>
    public Duration ComputeInfer { get; init; }

    /// <summary>Taking the outputs.</summary>
    public Duration ComputeOutput { get; init; }

    /// <summary>Executions and their time by batch size.</summary>
    public ImmutableSortedDictionary<long, Duration> Batches { get; init; } = ImmutableSortedDictionary<long, Duration>.Empty;

    /// <summary>What happened since an earlier reading.</summary>
    public ServerStatistics Since(ServerStatistics earlier) => new()
    {
        Inferences = Inferences - earlier.Inferences,
        Executions = Executions - earlier.Executions,
        Success = Success - earlier.Success,
        Failure = Failure - earlier.Failure,
        Queue = Queue - earlier.Queue,
        ComputeInput = ComputeInput - earlier.ComputeInput,
        ComputeInfer = ComputeInfer - earlier.ComputeInfer,
        ComputeOutput = ComputeOutput - earlier.ComputeOutput,
        Batches = Batches
            .Select(batch => KeyValuePair.Create(batch.Key, batch.Value - earlier.Batches.GetValueOrDefault(batch.Key)))
            .Where(batch => batch.Value.Count > 0)
            .ToImmutableSortedDictionary(),
    };

    /// <summary>The sum with another version's counters.</summary>
    public ServerStatistics Plus(ServerStatistics other) => new()
    {
        Inferences = Inferences + other.Inferences,
        Executions = Executions + other.Executions,
        Success = Success + other.Success,
        Failure = Failure + other.Failure,
        Queue = Queue + other.Queue,
        ComputeInput = ComputeInput + other.ComputeInput,
        ComputeInfer = ComputeInfer + other.ComputeInfer,
        ComputeOutput = ComputeOutput + other.ComputeOutput,
        Batches = other.Batches.Aggregate(
            Batches, (all, batch) => all.SetItem(batch.Key, all.GetValueOrDefault(batch.Key) + batch.Value)),
    };

    /// <summary>How often something happened, and how long it took in all.</summary>
    internal readonly record struct Duration(long Count, long Nanoseconds)
    {
        /// <summary>The mean of one, 0 when there was none.</summary>
        public double MeanNanoseconds => Count == 0 ? 0 : (double)Nanoseconds / Count;

        public static Duration operator +(Duration left, Duration right) =>
            new(left.Count + right.Count, left.Nanoseconds + right.Nanoseconds);

        public static Duration operator -(Duration left, Duration right) =>
            new(left.Count - right.Count, left.Nanoseconds - right.Nanoseconds);
    }
}
