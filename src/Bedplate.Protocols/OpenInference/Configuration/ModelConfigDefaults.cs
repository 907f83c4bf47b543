using Bedplate.Contracts.OpenInference;

namespace Bedplate.Protocols.OpenInference.Configuration;

/// <summary>
/// Fills in what a configuration leaves out and what needs no loaded model, so that what is served and what
/// <c>GET …/config</c> answers are the same thing.
/// </summary>
internal static class ModelConfigDefaults
{
    // What Triton gives a CPU group that names no count: its ONNX backend asks for two, others for one.
    private const int DefaultOnnxRuntimeCount = 2;

    /// <summary>A completed copy; <paramref name="config"/> null where the model has no configuration.</summary>
    public static ModelConfig Apply(ModelConfig? config, ModelFiles files)
    {
        var completed = config?.Clone() ?? new ModelConfig();
        if (completed.Name.Length == 0)
        {
            completed.Name = files.Name;
        }

        ModelBackends.Complete(completed, files);
        completed.VersionPolicy ??= new ModelVersionPolicy();
        if (completed.VersionPolicy.PolicyChoiceCase == ModelVersionPolicy.PolicyChoiceOneofCase.None)
        {
            completed.VersionPolicy.Latest = new ModelVersionPolicy.Types.Latest();
        }

        if (completed.VersionPolicy.Latest is { NumVersions: 0 } latest)
        {
            latest.NumVersions = 1;
        }

        ApplyBatching(completed);
        ApplyInstanceGroups(completed);
        return completed;
    }

    // Triton's ONNX backend does the same when it completes inputs and outputs; here it holds for every model, since
    // max_batch_size says by itself that rows may be put together.
    private static void ApplyBatching(ModelConfig config)
    {
        if (config.SchedulingChoiceCase == ModelConfig.SchedulingChoiceOneofCase.None && config.MaxBatchSize > 1)
        {
            // Nobody asked for a queue without timeouts, so requests may bring one, as to every model without a
            // dynamic_batching of its own.
            config.DynamicBatching = new ModelDynamicBatching { DefaultQueuePolicy = new ModelQueuePolicy { AllowTimeoutOverride = true } };
        }

        if (config.DynamicBatching is not { } batching)
        {
            return;
        }

        if (batching.PreferredBatchSize.Count == 0 && config.MaxBatchSize > 0)
        {
            batching.PreferredBatchSize.Add(config.MaxBatchSize);
        }

        // Where dynamic_batching is written, what it leaves out is as in Triton: requests may bring no timeout.
        batching.DefaultQueuePolicy ??= new ModelQueuePolicy();
    }

    private static void ApplyInstanceGroups(ModelConfig config)
    {
        var isCounted = config.InstanceGroup.Any(group => group.Count > 0);
        var defaultCount = config.Backend == ModelBackends.OnnxRuntime ? DefaultOnnxRuntimeCount : 1;
        for (var i = 0; i < config.InstanceGroup.Count; i++)
        {
            var group = config.InstanceGroup[i];
            if (group.Name.Length == 0)
            {
                group.Name = $"{config.Name}_{i}";
            }

            // No GPU is used yet, so "GPU where present, otherwise CPU" is CPU.
            if (group.Kind == ModelInstanceGroup.Types.Kind.Auto)
            {
                group.Kind = ModelInstanceGroup.Types.Kind.Cpu;
            }

            // Where no group names a count the number is the engine's.
            if (isCounted && group.Count == 0)
            {
                group.Count = defaultCount;
            }
        }
    }
}
