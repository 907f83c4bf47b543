using Bedplate.Contracts.OpenInference;
using Bedplate.Inference.Models;

namespace Bedplate.Protocols.OpenInference.Configuration.Sections;

/// <summary>How requests are put together: max_batch_size and the scheduling choice.</summary>
internal static class BatchingSection
{
    // The scheduler has a queue per level; people use a handful.
    private const ulong MaxPriorityLevels = 64;

    // Far beyond any use, and far from where adding to a clock's reading overflows.
    private const ulong MaxMicroseconds = 365UL * 24 * 60 * 60 * 1_000_000;

    public static void Check(ModelConfig config, ConfigFindings findings)
    {
        if (config.MaxBatchSize < 0)
        {
            findings.Fault(
                "max_batch_size", $"'max_batch_size' must be non-negative value for {config.Name}; got {config.MaxBatchSize}");
        }

        if (config.SequenceBatching is not null)
        {
            findings.NotSupported(
                "sequence_batching", "sequences are", "serve the model without it if its requests do not depend on one another");
        }

        if (config.EnsembleScheduling is not null || config.Platform == ModelBackends.EnsemblePlatform)
        {
            findings.NotSupported("ensemble_scheduling", "ensembles are", "call the models one after the other");
        }

        if (config.DynamicBatching is { } batching)
        {
            CheckSizes(config, batching, findings);
            CheckPriorities(config, batching, findings);
            CheckPolicies(config, batching, findings);
        }
    }

    /// <summary>
    /// The engine's form. Declared dynamic batching is followed as it stands; a model whose tensors are all declared
    /// and which has no batch dimension is run request by request; where the configuration leaves tensors or
    /// everything out, the engine learns.
    /// </summary>
    public static BatchingSpec ToSpec(ModelConfig config)
    {
        if (config.DynamicBatching is not { } batching)
        {
            var isDeclared = config.MaxBatchSize > 0 || (config.Input.Count > 0 && config.Output.Count > 0);
            return isDeclared
                ? BatchingSpec.Off with { DefaultQueuePolicy = new QueuePolicy { AllowTimeoutOverride = true } }
                : BatchingSpec.Learned;
        }

        return new BatchingSpec
        {
            // Without a batch dimension the queue's policies still hold.
            Mode = config.MaxBatchSize > 0 ? BatchingMode.Configured : BatchingMode.Off,
            PreferredBatchSizes = [.. batching.PreferredBatchSize.Distinct().Order()],
            MaxQueueDelay = ToTimeSpan(batching.MaxQueueDelayMicroseconds),
            PreserveOrdering = batching.PreserveOrdering,
            PriorityLevels = (int)batching.PriorityLevels,
            DefaultPriorityLevel = batching.PriorityLevels == 0 ? 0 : (int)batching.DefaultPriorityLevel,
            DefaultQueuePolicy = ToPolicy(batching.DefaultQueuePolicy),
            QueuePolicies = batching.PriorityLevels == 0
                ? new Dictionary<int, QueuePolicy>()
                : batching.PriorityQueuePolicy.ToDictionary(entry => (int)entry.Key, entry => ToPolicy(entry.Value)),
        };
    }

    private static void CheckSizes(ModelConfig config, ModelDynamicBatching batching, ConfigFindings findings)
    {
        for (var i = 0; i < batching.PreferredBatchSize.Count; i++)
        {
            var size = batching.PreferredBatchSize[i];
            var field = $"dynamic_batching.preferred_batch_size[{i}]";
            if (size <= 0)
            {
                findings.Fault(field, $"dynamic batching preferred size must be positive for {config.Name}; got {size}");
            }
            else if (size > config.MaxBatchSize)
            {
                findings.Fault(
                    field,
                    $"dynamic batching preferred size must be <= max batch size for {config.Name};"
                    + $" got {size} and {config.MaxBatchSize}");
            }
        }

        CheckDuration("dynamic_batching.max_queue_delay_microseconds", batching.MaxQueueDelayMicroseconds, findings);
    }

    private static void CheckPriorities(ModelConfig config, ModelDynamicBatching batching, ConfigFindings findings)
    {
        var levels = batching.PriorityLevels;
        if (levels > MaxPriorityLevels)
        {
            findings.Fault(
                "dynamic_batching.priority_levels", $"{levels} priority levels are more than the {MaxPriorityLevels} allowed");
        }

        if (levels == 0)
        {
            if (batching.PriorityQueuePolicy.Count > 0)
            {
                findings.Note("dynamic_batching.priority_queue_policy", "there are no priority levels; default_queue_policy holds");
            }

            return;
        }

        if (batching.DefaultPriorityLevel == 0 || batching.DefaultPriorityLevel > levels)
        {
            findings.Fault(
                "dynamic_batching.default_priority_level",
                $"default priority level must be in range [1, {levels}] for {config.Name}; got {batching.DefaultPriorityLevel}");
        }

        foreach (var level in batching.PriorityQueuePolicy.Keys.Where(level => level == 0 || level > levels))
        {
            findings.Fault(
                $"dynamic_batching.priority_queue_policy[{level}]",
                $"priority queue policy must have priority level in range [1, {levels}] for {config.Name}; got {level}");
        }

        if (batching.PreserveOrdering && levels > 1)
        {
            findings.Fault(
                "dynamic_batching.priority_levels",
                $"Only one priority level is allowed when 'preserve_ordering' is true for {config.Name}; got {levels}");
        }
    }

    private static void CheckPolicies(ModelConfig config, ModelDynamicBatching batching, ConfigFindings findings)
    {
        CheckPolicy(config, batching, batching.DefaultQueuePolicy, "dynamic_batching.default_queue_policy", findings);
        foreach (var (level, policy) in batching.PriorityQueuePolicy)
        {
            CheckPolicy(config, batching, policy, $"dynamic_batching.priority_queue_policy[{level}]", findings);
        }
    }

    private static void CheckPolicy(
        ModelConfig config, ModelDynamicBatching batching, ModelQueuePolicy policy, string field, ConfigFindings findings)
    {
        CheckDuration($"{field}.default_timeout_microseconds", policy.DefaultTimeoutMicroseconds, findings);
        if (batching.PreserveOrdering && policy.DefaultTimeoutMicroseconds != 0
            && policy.TimeoutAction == ModelQueuePolicy.Types.TimeoutAction.Delay)
        {
            findings.Fault(
                $"{field}.timeout_action",
                "Queue policy can not have DELAY as timeout action when 'preserve_ordering' is true for "
                + $"{config.Name}; use REJECT");
        }
    }

    private static void CheckDuration(string field, ulong microseconds, ConfigFindings findings)
    {
        if (microseconds > MaxMicroseconds)
        {
            findings.Fault(field, $"{microseconds} microseconds are more than a year; use 0 for no limit");
        }
    }

    private static QueuePolicy ToPolicy(ModelQueuePolicy policy) => new()
    {
        TimeoutAction = policy.TimeoutAction == ModelQueuePolicy.Types.TimeoutAction.Delay
            ? QueueTimeoutAction.Delay
            : QueueTimeoutAction.Reject,
        DefaultTimeout = ToTimeSpan(policy.DefaultTimeoutMicroseconds),
        AllowTimeoutOverride = policy.AllowTimeoutOverride,
        MaxQueueSize = (int)Math.Min(policy.MaxQueueSize, int.MaxValue),
    };

    private static TimeSpan ToTimeSpan(ulong microseconds) =>
        TimeSpan.FromTicks((long)microseconds * TimeSpan.TicksPerMicrosecond);
}
