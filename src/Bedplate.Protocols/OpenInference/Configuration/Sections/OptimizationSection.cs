using System.Globalization;
using Bedplate.Contracts.OpenInference;

namespace Bedplate.Protocols.OpenInference.Configuration.Sections;

/// <summary>How the backend is asked to optimize: optimization.</summary>
internal static class OptimizationSection
{
    /// <summary>The parameter that carries <c>optimization.graph.level</c> to the backend, with the values -1 and 1.</summary>
    private const string GraphLevelParameter = "optimization.graph.level";

    public static void Check(ModelConfig config, ConfigFindings findings)
    {
        if (config.Optimization is not { } optimization)
        {
            return;
        }

        if (optimization.Graph is { Level: not 0 } && config.Parameters.ContainsKey(GraphLevelParameter))
        {
            findings.Fault("optimization.graph.level", $"the parameter '{GraphLevelParameter}' is given too; leave one");
        }

        CheckAccelerators(optimization, findings);
        NoteWithoutEffect(optimization, findings);
    }

    /// <summary>Adds what the backend is told by parameters. 0 is the runtime's default and says nothing.</summary>
    public static void AddTo(Dictionary<string, string> parameters, ModelConfig config)
    {
        if (config.Optimization?.Graph is { Level: not 0 and var level })
        {
            // All levels of 1 and more mean the same to ONNX Runtime, and so do those of -1 and less.
            parameters[GraphLevelParameter] = Math.Sign(level).ToString(CultureInfo.InvariantCulture);
        }
    }

    private static void CheckAccelerators(ModelOptimizationPolicy optimization, ConfigFindings findings)
    {
        if (optimization.ExecutionAccelerators is not { } accelerators)
        {
            return;
        }

        const string Field = "optimization.execution_accelerators";
        foreach (var accelerator in accelerators.GpuExecutionAccelerator)
        {
            findings.NotSupported($"{Field}.gpu_execution_accelerator", $"the accelerator '{accelerator.Name}' is", "remove it");
        }

        foreach (var accelerator in accelerators.CpuExecutionAccelerator)
        {
            findings.NotSupported($"{Field}.cpu_execution_accelerator", $"the accelerator '{accelerator.Name}' is", "remove it");
        }
    }

    // These only ever acted on GPUs or in TensorRT; on CPU Triton passes over them as well.
    private static void NoteWithoutEffect(ModelOptimizationPolicy optimization, ConfigFindings findings)
    {
        const string OnlyTensorRt = "only TensorRT acts on it";
        const string OnlyGpu = "it is for copies to and from a GPU";
        Note(optimization.Priority != ModelOptimizationPolicy.Types.ModelPriority.PriorityDefault, "priority", OnlyTensorRt);
        Note(optimization.Cuda is not null, "cuda", OnlyTensorRt);
        Note(optimization.InputPinnedMemory is not null, "input_pinned_memory", OnlyGpu);
        Note(optimization.OutputPinnedMemory is not null, "output_pinned_memory", OnlyGpu);
        Note(optimization.GatherKernelBufferThreshold != 0, "gather_kernel_buffer_threshold", OnlyTensorRt);
        Note(optimization.EagerBatching, "eager_batching", OnlyTensorRt);

        void Note(bool isGiven, string field, string reason)
        {
            if (isGiven)
            {
                findings.Note($"optimization.{field}", $"no effect: {reason}");
            }
        }
    }
}
