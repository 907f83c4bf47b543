using System.Collections.Frozen;

namespace Bedplate.Inference.Onnx.Loading;

/// <summary>
/// ONNX Runtime's session configuration entries that a model's parameters may set. The runtime takes any key and says
/// nothing of those it does not know, so a slip would pass unseen; hence the closed list. Left out are entries that
/// write files and those whose subject is the process, not the model.
/// </summary>
internal static class SessionConfigKeys
{
    private const string Threads =
        "the threads are the process's, shared by all models: see IntraOpThreads, InterOpThreads and AllowSpinning of OnnxRuntimeOptions";

    /// <summary>Entries handed to the runtime as they are.</summary>
    public static FrozenSet<string> Honoured { get; } = FrozenSet.Create(
        StringComparer.Ordinal,
        "mlas.disable_kleidiai",
        "mlas.enable_gemm_fastmath_arm64_bfloat16",
        "mlas.use_lut_gemm",
        "optimization.constant_folding_max_output_size_in_bytes",
        "optimization.disable_specified_optimizers",
        "optimization.enable_cast_chain_elimination",
        "optimization.enable_gelu_approximation",
        "session.allow_released_opsets_only",
        "session.disable_aot_function_inlining",
        "session.disable_cpu_ep_fallback",
        "session.disable_double_qdq_remover",
        "session.disable_model_compile",
        "session.disable_prepacking",
        "session.disable_qdq_constant_folding",
        "session.disable_quant_qdq",
        "session.enable_dq_matmulnbits_fusion",
        "session.enable_quant_qdq_cleanup",
        "session.fail_on_suboptimal_compiled_model",
        "session.graph_optimizations_loop_level",
        "session.load_model_format",
        "session.qdq_matmulnbits_accuracy_level",
        "session.qdq_matmulnbits_block_size",
        "session.qdqisint8allowed",
        "session.strict_shape_type_inference",
        "session.use_device_allocator_for_initializers",
        "session.use_memory_mapped_ort_model");

    /// <summary>Entries that mean something else here, and what.</summary>
    public static FrozenDictionary<string, string> Refused { get; } = new Dictionary<string, string>
    {
        ["session.dynamic_block_base"] = Threads,
        ["session.force_spinning_stop"] = Threads,
        ["session.inter_op.allow_spinning"] = Threads,
        ["session.inter_op.spin_backoff_max"] = Threads,
        ["session.inter_op.spin_duration_us"] = Threads,
        ["session.inter_op_num_threads"] = Threads,
        ["session.intra_op.allow_spinning"] = Threads,
        ["session.intra_op.spin_backoff_max"] = Threads,
        ["session.intra_op.spin_duration_us"] = Threads,
        ["session.intra_op_num_threads"] = Threads,
        ["session.intra_op_thread_affinities"] = Threads,
        ["session.use_per_session_threads"] = Threads,
        ["session.set_denormal_as_zero"] =
            "it changes how every thread that runs the model computes from then on, other models' runs included;"
            + " export the model without denormals",
        ["session.use_env_allocators"] = "each model has an arena of its own, so that unloading it gives the memory back",
        ["session.model_external_initializers_file_folder_path"] = "external data lies beside the model file",
    }.ToFrozenDictionary(StringComparer.Ordinal);
}
