using System.Globalization;
using Bedplate.Inference.Models;
using Bedplate.Inference.Onnx.Providers;

namespace Bedplate.Inference.Onnx.Loading;

/// <summary>
/// A model's parameters, under the names of Triton's ONNX Runtime backend, over the defaults of
/// <see cref="OnnxRuntimeOptions"/>.
/// </summary>
internal sealed class ModelParameters
{
    private static readonly string[] CudaParameters =
        ["cudnn_conv_algo_search", "gpu_mem_limit", "arena_extend_strategy", "do_copy_in_default_stream"];

    private readonly List<string> _faults = [];
    private readonly List<KeyValuePair<string, string>> _configEntries = [];

    private ModelParameters(OnnxRuntimeOptions options)
    {
        EnableMemoryArena = options.EnableMemoryArena;
        EnableMemoryPattern = options.EnableMemoryPattern;
        GraphOptimization = options.GraphOptimization;
    }

    public bool EnableMemoryArena { get; private set; }

    public bool EnableMemoryPattern { get; private set; }

    public GraphOptimization GraphOptimization { get; private set; }

    /// <summary>Whether the model computes on the calling thread only: <c>intra_op_thread_count</c> of 1.</summary>
    public bool OnCallingThreadOnly { get; private set; }

    /// <summary>Whether independent operators run side by side.</summary>
    public bool RunsOperatorsInParallel { get; private set; }

    /// <summary>Devices whose arena gives memory back after each run, as in "cpu:0"; null for none.</summary>
    public string? ArenaShrinkage { get; private set; }

    /// <summary>Entries of <see cref="SessionConfigKeys.Honoured"/> with their values.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> ConfigEntries => _configEntries;

    /// <summary>Reads a model's parameters.</summary>
    /// <exception cref="ModelLoadException">
    /// Names every parameter that is unknown, out of range or not for one model to decide.
    /// </exception>
    public static ModelParameters Read(ModelSource source, OnnxRuntimeOptions options)
    {
        var parameters = new ModelParameters(options);
        foreach (var (key, value) in source.Parameters)
        {
            parameters.Apply(key, value, options);
        }

        parameters.RequireConsistent(options);
        return parameters._faults.Count == 0
            ? parameters
            : throw new ModelLoadException(
                $"Model '{source.Name}' version {source.Version} has parameters that cannot be followed:"
                + $" {string.Join("; ", parameters._faults)}.");
    }

    private void Apply(string key, string value, OnnxRuntimeOptions options)
    {
        switch (key)
        {
            case "intra_op_thread_count":
                OnCallingThreadOnly = ReadInteger(key, value) switch
                {
                    null or 0 => false,
                    1 => true,
                    _ => Refuse(
                        key,
                        value,
                        "all models share one pool, sized by IntraOpThreads of OnnxRuntimeOptions;"
                        + " use 0 for the pool or 1 for the calling thread alone"),
                };
                break;

            case "inter_op_thread_count":
                if (ReadInteger(key, value) is not (null or 0 or 1))
                {
                    Refuse(
                        key, value, "all models share one pool, sized by InterOpThreads of OnnxRuntimeOptions; leave it out");
                }

                break;

            case "execution_mode":
                RunsOperatorsInParallel = ReadInteger(key, value) switch
                {
                    null or 0 => false,
                    1 when options.InterOpThreads > 1 => true,
                    1 => Refuse(key, value, "parallel execution needs threads, and InterOpThreads of OnnxRuntimeOptions is 1"),
                    _ => Refuse(key, value, "use 0 (sequential) or 1 (parallel)"),
                };
                break;

            case "level" or "optimization.graph.level":
                // Triton's numbers (ModelOptimizationPolicy.Graph), not the runtime's.
                switch (ReadInteger(key, value))
                {
                    case -1:
                        GraphOptimization = GraphOptimization.Basic;
                        break;
                    case 0:
                        GraphOptimization = GraphOptimization.All;
                        break;
                    case 1:
                        GraphOptimization = GraphOptimization.Extended;
                        break;
                    case 2:
                        GraphOptimization = GraphOptimization.None;
                        break;
                    case not null:
                        Refuse(key, value, "use -1 (basic), 0 (all), 1 (extended) or 2 (none)");
                        break;
                }

                break;

            case "enable_mem_arena":
                EnableMemoryArena = ReadBoolean(key, value);
                break;

            case "enable_mem_pattern":
                EnableMemoryPattern = ReadBoolean(key, value);
                break;

            case "memory.enable_memory_arena_shrinkage":
                ArenaShrinkage = value;
                if (!IsDeviceList(value))
                {
                    Refuse(key, value, "list devices with an arena, as in cpu:0 or cpu:0;gpu:0");
                }

                break;

            default:
                ApplyOther(key, value);
                break;
        }
    }

    private void ApplyOther(string key, string value)
    {
        if (SessionConfigKeys.Honoured.Contains(key))
        {
            if (value.Length is 0 or > 1024 || value.Contains('\0'))
            {
                Refuse(key, value, "a value has 1 to 1024 characters, none of them zero");
            }
            else
            {
                _configEntries.Add(new(key, value));
            }
        }
        else if (SessionConfigKeys.Refused.TryGetValue(key, out var reason))
        {
            Refuse(key, value, reason);
        }
        else if (CudaParameters.Contains(key, StringComparer.Ordinal))
        {
            Refuse(key, value, "options of the cuda provider are given with it in ExecutionProviders of OnnxRuntimeOptions");
        }
        else
        {
            Refuse(
                key,
                value,
                "there is no such parameter; the ONNX Runtime backend has execution_mode, intra_op_thread_count,"
                + " inter_op_thread_count, level, enable_mem_arena, enable_mem_pattern,"
                + " memory.enable_memory_arena_shrinkage, "
                + string.Join(", ", SessionConfigKeys.Honoured.Order(StringComparer.Ordinal)));
        }
    }

    // What the runtime would find out in every single run.
    private void RequireConsistent(OnnxRuntimeOptions options)
    {
        if (RunsOperatorsInParallel && OnCallingThreadOnly)
        {
            _faults.Add(
                "'execution_mode' = 1 needs threads, and 'intra_op_thread_count' = 1 takes them away; keep one of the two");
        }

        if (ArenaShrinkage is null)
        {
            return;
        }

        if (!EnableMemoryArena && ArenaShrinkage.Contains("cpu", StringComparison.Ordinal))
        {
            Refuse("memory.enable_memory_arena_shrinkage", ArenaShrinkage, "the arena is off, so there is none to shrink");
        }

        if (ArenaShrinkage.Contains("gpu", StringComparison.Ordinal)
            && options.ExecutionProviders.All(provider => ExecutionProvider.Find(provider.Name)!.Registration.IsBuiltIn))
        {
            Refuse("memory.enable_memory_arena_shrinkage", ArenaShrinkage, "the model runs on the CPU");
        }
    }

    private static bool IsDeviceList(string value) => value.Split(';').All(device =>
        device.Split(':') is ["cpu" or "gpu", var id]
        && uint.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out _));

    private int? ReadInteger(string key, string value)
    {
        if (int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        Refuse(key, value, "it is not a whole number");
        return null;
    }

    private bool ReadBoolean(string key, string value) => value switch
    {
        "1" => true,
        "0" => false,
        _ when bool.TryParse(value, out var flag) => flag,
        _ => Refuse(key, value, "use 1 or 0"),
    };

    private bool Refuse(string key, string value, string reason)
    {
        _faults.Add($"'{key}' = '{value}': {reason}");
        return false;
    }
}
