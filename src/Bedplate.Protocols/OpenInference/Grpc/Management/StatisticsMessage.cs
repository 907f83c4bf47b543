using Bedplate.Contracts.OpenInference;
using Bedplate.Inference.Models;
using Bedplate.Inference.Statistics;
using ModelStatistics = Bedplate.Contracts.OpenInference.ModelStatistics;

namespace Bedplate.Protocols.OpenInference.Grpc.Management;

/// <summary>A version's statistics as the protocol's statistics extension has them.</summary>
internal static class StatisticsMessage
{
    /// <summary>The message.</summary>
    public static ModelStatistics Of(ServedModel model)
    {
        var snapshot = model.Statistics.ToSnapshot();
        var message = new ModelStatistics
        {
            Name = model.Name,
            Version = model.VersionText,
            LastInference = (ulong)Math.Max(0, snapshot.LastInference?.ToUnixTimeMilliseconds() ?? 0),
            InferenceCount = (ulong)snapshot.InferenceCount,
            ExecutionCount = (ulong)snapshot.ExecutionCount,
            InferenceStats = new InferStatistics
            {
                Success = DurationOf(snapshot, snapshot.Success),
                Fail = DurationOf(snapshot, snapshot.Fail),
                Queue = DurationOf(snapshot, snapshot.Queue),
                ComputeInput = DurationOf(snapshot, snapshot.ComputeInput),
                ComputeInfer = DurationOf(snapshot, snapshot.ComputeInfer),
                ComputeOutput = DurationOf(snapshot, snapshot.ComputeOutput),

                // There is no response cache; the counters stand, as clients read them without asking.
                CacheHit = new StatisticDuration(),
                CacheMiss = new StatisticDuration(),
            },
        };
        foreach (var batch in snapshot.Batches)
        {
            message.BatchStats.Add(new InferBatchStatistics
            {
                BatchSize = (ulong)batch.BatchSize,
                ComputeInput = DurationOf(snapshot, batch.ComputeInput),
                ComputeInfer = DurationOf(snapshot, batch.ComputeInfer),
                ComputeOutput = DurationOf(snapshot, batch.ComputeOutput),
            });
        }

        if (model.MemoryBytes > 0)
        {
            message.MemoryUsage.Add(new MemoryUsage { Type = "CPU", Id = 0, ByteSize = (ulong)model.MemoryBytes });
        }

        return message;
    }

    private static StatisticDuration DurationOf(ModelStatisticsSnapshot snapshot, DurationCount duration) =>
        new() { Count = (ulong)duration.Count, Ns = (ulong)snapshot.Nanoseconds(duration.Ticks) };
}
