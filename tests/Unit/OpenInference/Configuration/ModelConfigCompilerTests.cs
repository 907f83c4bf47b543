using System.Collections.Immutable;
using System.Text;
using Bedplate.Contracts.OpenInference;
using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference.Configuration;
using Bedplate.Protocols.OpenInference.Configuration.TextFormat;
using Bedplate.Tensors;
using Element = Bedplate.Tensors.DataType;

namespace Bedplate.Tests.Unit.OpenInference.Configuration;

public class ModelConfigCompilerTests
{
    private const string Tensors = """
        input { name: "in" data_type: TYPE_FP32 dims: [ 3, -1 ] }
        output { name: "out" data_type: TYPE_STRING dims: 1 }
        """;

    [Fact]
    public void A_model_without_configuration_is_recognized_by_its_file_and_learned()
    {
        var compiled = Compile(null);
        var spec = Assert.IsType<ModelSpec>(compiled.Spec);
        Assert.Empty(compiled.Findings);
        Assert.Equal(("m", "onnxruntime", 0, 0), (spec.Name, spec.Backend, spec.MaxBatchSize, spec.InstanceCount));
        Assert.Same(BatchingSpec.Learned, spec.Batching);
        Assert.Null(spec.DeclaredSignature);
        Assert.Equal([new VersionSource(1, Path.Combine("/r/m/1", "model.onnx"), "s1")], spec.Versions);
        Assert.Equal(
            ("m", "onnxruntime_onnx", "onnxruntime", "model.onnx", 1u),
            (compiled.Config.Name, compiled.Config.Platform, compiled.Config.Backend, compiled.Config.DefaultModelFilename,
                compiled.Config.VersionPolicy.Latest.NumVersions));
    }

    [Theory]
    [InlineData("platform: 'onnxruntime_onnx'")]
    [InlineData("backend: 'onnxruntime'")]
    [InlineData("default_model_filename: 'model.onnx'")]
    [InlineData("platform: 'onnxruntime_onnx' backend: 'onnxruntime' default_model_filename: 'model.onnx'")]
    public void Backend_platform_and_file_are_inferred_from_one_another(string text)
    {
        var config = Compile(text).Config;
        Assert.Equal(("onnxruntime", "onnxruntime_onnx", "model.onnx"), (config.Backend, config.Platform, config.DefaultModelFilename));
    }

    [Fact]
    public void A_model_s_name_can_name_its_backend()
    {
        var files = Files("any.identity", ["nothing-known.bin"]);
        Assert.Equal("identity", ModelConfigCompiler.Compile(null, files).Config.Backend);
    }

    [Fact]
    public void Declared_tensors_get_the_batch_dimension_in_front()
    {
        var spec = Spec("max_batch_size: 8 " + Tensors.Replace("dims: 1", "dims: []", StringComparison.Ordinal)
            + "input { name: 'opt' data_type: TYPE_BF16 dims: 2 optional: true }");
        var signature = spec.DeclaredSignature!;
        Assert.Equal(["in:FP32[-1,3,-1]", "opt:BF16[-1,2]"], signature.Inputs.Select(input => input.ToString()));
        Assert.Equal(["out:BYTES[-1]"], signature.Outputs.Select(output => output.ToString()));
        Assert.True(signature.Inputs[1].IsOptional);
        Assert.Equal("in:FP32[3,-1]", Spec(Tensors).DeclaredSignature!.Inputs[0].ToString());
    }

    [Fact]
    public void A_side_that_is_not_declared_stays_empty()
    {
        var spec = Spec("input { name: 'in' data_type: TYPE_FP32 dims: 3 }");
        Assert.Single(spec.DeclaredSignature!.Inputs);
        Assert.Empty(spec.DeclaredSignature.Outputs);
    }

    [Theory]
    [InlineData("", BatchingMode.Learned, 0)]
    [InlineData("backend: 'onnxruntime' instance_group { count: 1 }", BatchingMode.Learned, 0)]
    [InlineData("input { name: 'in' data_type: TYPE_FP32 dims: 3 }", BatchingMode.Learned, 0)]
    [InlineData(Tensors, BatchingMode.Off, 0)]
    [InlineData(Tensors + " max_batch_size: 1", BatchingMode.Off, 1)]
    [InlineData("max_batch_size: 1", BatchingMode.Off, 1)]
    [InlineData(Tensors + " max_batch_size: 8", BatchingMode.Configured, 8)]
    [InlineData("max_batch_size: 8", BatchingMode.Configured, 8)]
    [InlineData(Tensors + " max_batch_size: 8 dynamic_batching {}", BatchingMode.Configured, 8)]
    [InlineData(Tensors + " max_batch_size: 1 dynamic_batching {}", BatchingMode.Configured, 1)]
    [InlineData(Tensors + " dynamic_batching {}", BatchingMode.Off, 0)]
    public void The_mode_of_batching_follows_what_is_declared(string text, BatchingMode mode, int maxBatchSize)
    {
        var spec = Spec(text);
        Assert.Equal((mode, maxBatchSize), (spec.Batching.Mode, spec.MaxBatchSize));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData(Tensors, true)]
    [InlineData("max_batch_size: 1", true)]
    [InlineData("max_batch_size: 8", true)]
    [InlineData("dynamic_batching {}", false)]
    [InlineData("max_batch_size: 1 dynamic_batching {}", false)]
    [InlineData("max_batch_size: 8 dynamic_batching {}", false)]
    [InlineData("max_batch_size: 8 dynamic_batching { default_queue_policy {} }", false)]
    [InlineData("max_batch_size: 8 dynamic_batching { default_queue_policy { allow_timeout_override: true } }", true)]
    public void Requests_may_bring_a_timeout_unless_dynamic_batching_is_written_and_does_not_allow_it(string text, bool isAllowed)
    {
        var compiled = Compile(text);
        Assert.Equal(isAllowed, compiled.Spec!.Batching.DefaultQueuePolicy.AllowTimeoutOverride);
        if (compiled.Config.DynamicBatching is { } reported)
        {
            Assert.Equal(isAllowed, reported.DefaultQueuePolicy.AllowTimeoutOverride);
        }
    }

    [Fact]
    public void Dynamic_batching_is_followed_field_by_field()
    {
        var batching = Spec("""
            max_batch_size: 16
            dynamic_batching {
              preferred_batch_size: [ 16, 4, 4 ]
              max_queue_delay_microseconds: 1500
              priority_levels: 3
              default_priority_level: 2
              default_queue_policy { timeout_action: DELAY default_timeout_microseconds: 7 max_queue_size: 4294967295 }
              priority_queue_policy { key: 1 value { allow_timeout_override: true max_queue_size: 9 } }
            }
            """).Batching;
        Assert.Equal([4, 16], batching.PreferredBatchSizes);
        Assert.Equal(TimeSpan.FromMicroseconds(1500), batching.MaxQueueDelay);
        Assert.Equal((3, 2, false), (batching.PriorityLevels, batching.DefaultPriorityLevel, batching.PreserveOrdering));
        Assert.Equal(
            new QueuePolicy
            {
                TimeoutAction = QueueTimeoutAction.Delay,
                DefaultTimeout = TimeSpan.FromMicroseconds(7),
                MaxQueueSize = int.MaxValue,
            },
            batching.DefaultQueuePolicy);
        Assert.Equal(
            new KeyValuePair<int, QueuePolicy>(1, new QueuePolicy { AllowTimeoutOverride = true, MaxQueueSize = 9 }),
            Assert.Single(batching.QueuePolicies));
        Assert.True(Spec("max_batch_size: 4 dynamic_batching { preserve_ordering: true }").Batching.PreserveOrdering);
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("instance_group {}", 0)]
    [InlineData("instance_group { kind: KIND_MODEL count: 3 }", 3)]
    [InlineData("instance_group [ { count: 3 }, { kind: KIND_CPU } ]", 5)]
    [InlineData("backend: 'identity' instance_group [ { count: 3 }, { kind: KIND_CPU } ]", 4)]
    public void Instances_are_summed_over_groups(string text, int expected) => Assert.Equal(expected, Spec(text).InstanceCount);

    [Fact]
    public void Version_policies_are_followed()
    {
        Assert.Equal([3], Spec("").VersionPolicy.Select([1, 2, 3]));
        Assert.Equal([3], Spec("version_policy { latest { } }").VersionPolicy.Select([1, 2, 3]));
        Assert.Equal([3, 2], Spec("version_policy { latest { num_versions: 2 } }").VersionPolicy.Select([1, 2, 3]));
        Assert.Equal([3, 2, 1], Spec("version_policy { all { } }").VersionPolicy.Select([1, 2, 3]));
        Assert.Equal([1], Spec("version_policy { specific { versions: [1, 9] } }").VersionPolicy.Select([1, 2, 3]));
    }

    [Fact]
    public void Parameters_and_the_graph_s_level_go_to_the_backend()
    {
        var spec = Spec("""
            parameters { key: "intra_op_thread_count" value { string_value: "1" } }
            optimization { graph { level: 3 } }
            """);
        Assert.Equal(
            new Dictionary<string, string> { ["intra_op_thread_count"] = "1", ["optimization.graph.level"] = "1" },
            spec.Parameters);
        Assert.Equal("-1", Spec("optimization { graph { level: -1 } }").Parameters["optimization.graph.level"]);
        Assert.Empty(Spec("optimization { graph { } }").Parameters);
    }

    [Fact]
    public void Warm_ups_are_followed()
    {
        var warmups = Spec("""
            max_batch_size: 4
            model_warmup {
              name: "all" batch_size: 2 count: 3
              inputs { key: "a" value { data_type: TYPE_FP32 dims: [ 3, 2 ] zero_data: false } }
              inputs { key: "b" value { data_type: TYPE_INT64 random_data: true } }
              inputs { key: "c" value { data_type: TYPE_STRING dims: 1 input_data_file: "sub/c.bin" } }
            }
            model_warmup { name: "none" }
            """).Warmups;
        var warmup = Assert.Single(warmups);
        Assert.Equal(("all", 2, 3), (warmup.Name, warmup.BatchSize, warmup.Count));
        Assert.Equal(new WarmupInput(Element.Float32, new TensorShape(3, 2), WarmupData.Zero), warmup.Inputs["a"]);
        Assert.Equal(new WarmupInput(Element.Int64, new TensorShape(), WarmupData.Random), warmup.Inputs["b"]);
        Assert.Equal(
            new WarmupInput(Element.Bytes, new TensorShape(1), WarmupData.File, "/r/m/warmup/sub/c.bin"), warmup.Inputs["c"]);
        Assert.Equal(0, Spec("""
            model_warmup { batch_size: 1 inputs { key: "a" value { data_type: TYPE_FP32 dims: 3 zero_data: true } } }
            """).Warmups[0].BatchSize);
    }

    [Fact]
    public void Label_files_are_found_by_output() => Assert.Equal(
        new Dictionary<string, string> { ["out"] = "/r/m/labels.txt" },
        Compile(Tensors.Replace("dims: 1", "dims: 1 label_filename: 'labels.txt'", StringComparison.Ordinal)).LabelFiles);

    [Fact]
    public void The_stamp_changes_with_all_but_the_version_policy()
    {
        var stamp = Spec("").ConfigurationStamp;
        Assert.NotEmpty(stamp);
        Assert.Equal(stamp, Spec("version_policy { all { } }").ConfigurationStamp);
        Assert.NotEqual(stamp, Spec("instance_group { count: 2 }").ConfigurationStamp);
    }

    [Theory]
    // Triton's texts, where clients and scripts may look for them.
    [InlineData("name: 'other'", "name", "unexpected directory name 'm' for model 'other', directory name must equal model name")]
    [InlineData("platform: 'nonsense'", "backend", "unexpected platform type 'nonsense' for m")]
    [InlineData("platform: 'tensorrt_plan' backend: 'onnxruntime'", "platform", "unexpected 'platform' and 'backend' pair, got:tensorrt_plan, onnxruntime")]
    [InlineData("max_batch_size: -1", "max_batch_size", "'max_batch_size' must be non-negative value for m; got -1")]
    [InlineData("version_policy { specific { versions: 9 } }", "version_policy", "at least one version must be available under the version policy of model 'm'; there are 1")]
    [InlineData("max_batch_size: 4 dynamic_batching { preferred_batch_size: 0 }", "dynamic_batching.preferred_batch_size[0]", "dynamic batching preferred size must be positive for m")]
    [InlineData("max_batch_size: 4 dynamic_batching { preferred_batch_size: [4, 5] }", "dynamic_batching.preferred_batch_size[1]", "dynamic batching preferred size must be <= max batch size for m")]
    [InlineData("dynamic_batching { priority_levels: 2 }", "dynamic_batching.default_priority_level", "default priority level must be in range [1, 2] for m")]
    [InlineData("dynamic_batching { priority_levels: 2 default_priority_level: 3 }", "dynamic_batching.default_priority_level", "default priority level must be in range [1, 2] for m; got 3")]
    [InlineData("dynamic_batching { priority_levels: 1 default_priority_level: 1 priority_queue_policy { key: 2 } }", "dynamic_batching.priority_queue_policy[2]", "priority queue policy must have priority level in range [1, 1] for m")]
    [InlineData("dynamic_batching { priority_levels: 2 default_priority_level: 1 preserve_ordering: true }", "dynamic_batching.priority_levels", "Only one priority level is allowed when 'preserve_ordering' is true for m")]
    [InlineData("dynamic_batching { preserve_ordering: true default_queue_policy { timeout_action: DELAY default_timeout_microseconds: 1 } }", "dynamic_batching.default_queue_policy.timeout_action", "Queue policy can not have DELAY as timeout action when 'preserve_ordering' is true for m")]
    [InlineData("instance_group { kind: KIND_GPU }", "instance_group[0].kind", "instance group m_0 of model m has kind KIND_GPU but server does not support GPUs")]
    [InlineData("instance_group { kind: KIND_CPU gpus: 0 }", "instance_group[0].gpus", "instance group m_0 of model m has kind KIND_CPU but specifies one or more GPUs")]
    [InlineData("instance_group { kind: KIND_MODEL gpus: 0 }", "instance_group[0].gpus", "instance group m_0 of model m has kind KIND_MODEL but specifies one or more GPUs")]
    [InlineData("instance_group { profile: '0' }", "instance_group[0].profile", "specifies profile field which is only supported for TensorRT models")]
    [InlineData("input { data_type: TYPE_FP32 dims: 1 }", "input[0].name", "model input must specify 'name' for m")]
    [InlineData("output { name: 'x' dims: 1 }", "output[0].data_type", "model output 'x' must specify 'data_type' for m")]
    [InlineData("input { name: 'x' data_type: TYPE_FP32 }", "input[0].dims", "model input 'x' must specify 'dims' for m")]
    [InlineData("input { name: 'x' data_type: TYPE_FP32 dims: [1, 0] }", "input[0].dims[1]", "model input 'x' dimension must be integer >= 1, or -1 to indicate a variable-size dimension for m")]
    [InlineData("input { name: 'x' data_type: TYPE_FP32 dims: 1 format: FORMAT_NCHW }", "input[0].format", "model input NHWC/NCHW require 3 dims for m")]
    [InlineData("input { name: 'x' data_type: TYPE_FP32 dims: 1 is_shape_tensor: true }", "input[0].is_shape_tensor", "shape tensors are only supported for TensorRT platform for m")]
    [InlineData("output { name: 'x' data_type: TYPE_FP32 dims: 1 is_non_linear_format_io: true }", "output[0].is_non_linear_format_io", "Non-linear IO format is only supported for the TensorRT platform for m")]
    [InlineData("output { name: 'x' data_type: TYPE_FP32 dims: 1 label_filename: '../x' }", "output[0].label_filename", "label file path '../x' for output 'x' in model 'm' is outside model directory")]
    [InlineData("model_metrics { metric_control { histogram_options { buckets: 1 } } }", "model_metrics.metric_control[0]", "metric control must specify 'metric_identifier'")]
    [InlineData("model_metrics { metric_control { metric_identifier {} } }", "model_metrics.metric_control[0].metric_identifier.family", "metric identifier must specify non-empty 'family'")]
    [InlineData("model_metrics { metric_control { metric_identifier { family: 'f' } } }", "model_metrics.metric_control[0]", "metric control must specify 'histogram_options'")]
    [InlineData("model_metrics { metric_control { metric_identifier { family: 'f' } histogram_options {} } }", "model_metrics.metric_control[0].histogram_options.buckets", "histogram options must specify non-empty 'buckets'")]
    [InlineData("model_warmup { batch_size: 1 inputs { key: 'a' value { data_type: TYPE_FP32 dims: -1 zero_data: true } } }", "model_warmup[0].inputs[\"a\"].dims", "warmup setting expects all variable-size dimensions are specified for input 'a'")]
    [InlineData("model_warmup { batch_size: 1 inputs { key: 'a' value { data_type: TYPE_FP32 dims: 1 } } }", "model_warmup[0].inputs[\"a\"]", "warmup setting expects input 'a' to have input_data_type set")]
    // Our own bounds and rules.
    [InlineData("backend: 'onxruntime'", "backend", "there is no backend 'onxruntime'; use one of 'onnxruntime' and 'identity'")]
    [InlineData("default_model_filename: '../model.onnx' backend: 'onnxruntime'", "default_model_filename", "is no file within the version's directory")]
    [InlineData("default_model_filename: '/etc/passwd' backend: 'onnxruntime'", "default_model_filename", "is no file within the version's directory")]
    [InlineData("version_policy { specific { } }", "version_policy.specific.versions", "no version is listed")]
    [InlineData("version_policy { specific { versions: [0, 1] } }", "version_policy.specific.versions[0]", "0 is no version; versions start at 1")]
    [InlineData("dynamic_batching { priority_levels: 65 default_priority_level: 1 }", "dynamic_batching.priority_levels", "65 priority levels are more than the 64 allowed")]
    [InlineData("dynamic_batching { max_queue_delay_microseconds: 18446744073709551615 }", "dynamic_batching.max_queue_delay_microseconds", "more than a year")]
    [InlineData("dynamic_batching { default_queue_policy { default_timeout_microseconds: 31536000000001 } }", "dynamic_batching.default_queue_policy.default_timeout_microseconds", "more than a year")]
    [InlineData("instance_group { count: -1 }", "instance_group[0].count", "-1 is no number of instances")]
    [InlineData("instance_group [ { count: 1024 }, { count: 1 } ]", "instance_group", "1025 instances are more than the 1024 allowed")]
    [InlineData("input { name: 'x' data_type: TYPE_FP32 dims: 1 } input { name: 'x' data_type: TYPE_FP32 dims: 1 }", "input[1].name", "there are two inputs 'x'")]
    [InlineData("max_batch_size: 2 input { name: 'x' data_type: TYPE_FP32 dims: [1,1,1,1,1,1,1,1] }", "input[0].dims", "has 9 dimensions, the batch included; the most are 8")]
    [InlineData("optimization { graph { level: 1 } } parameters { key: 'optimization.graph.level' }", "optimization.graph.level", "is given too; leave one")]
    [InlineData("model_warmup { batch_size: 2 name: 's' inputs { key: 'a' value { data_type: TYPE_FP32 dims: 1 zero_data: true } } }", "model_warmup[0].batch_size", "the sample 's' has batch size 2; the most for m is 1")]
    [InlineData("model_warmup { batch_size: 1 count: 1001 inputs { key: 'a' value { data_type: TYPE_FP32 dims: 1 zero_data: true } } }", "model_warmup[0].count", "1001 runs are more than the 1000 allowed")]
    [InlineData("model_warmup { batch_size: 1 name: 's' }", "model_warmup[0].inputs", "the sample 's' has no inputs")]
    [InlineData("model_warmup { batch_size: 1 inputs { key: 'a' value { dims: 1 zero_data: true } } }", "model_warmup[0].inputs[\"a\"].data_type", "must specify 'data_type'")]
    [InlineData("model_warmup { batch_size: 1 inputs { key: 'a' value { data_type: TYPE_FP32 dims: [1,1,1,1,1,1,1,1,1] zero_data: true } } }", "model_warmup[0].inputs[\"a\"].dims", "has 9 dimensions")]
    [InlineData("model_warmup { batch_size: 1 inputs { key: 'a' value { data_type: TYPE_FP32 dims: 1 input_data_file: '/x' } } }", "model_warmup[0].inputs[\"a\"].input_data_file", "is no file within")]
    [InlineData(Tensors + "model_warmup { batch_size: 1 inputs { key: 'a' value { data_type: TYPE_FP32 dims: 1 zero_data: true } } }", "model_warmup[0].inputs[\"a\"]", "unexpected inference input 'a', allowed inputs are: in")]
    // What comes later.
    [InlineData("backend: 'tensorrt'", "backend", "the backend 'tensorrt' is not supported yet; convert the model to ONNX")]
    [InlineData("platform: 'pytorch_libtorch'", "backend", "the backend 'pytorch' is not supported yet")]
    [InlineData("platform: 'ensemble'", "ensemble_scheduling", "ensembles are not supported yet")]
    [InlineData("ensemble_scheduling {}", "ensemble_scheduling", "ensembles are not supported yet")]
    [InlineData("sequence_batching {}", "sequence_batching", "sequences are not supported yet")]
    [InlineData("runtime: 'lib.so'", "runtime", "not supported yet")]
    [InlineData("model_operations { op_library_filename: 'x.so' }", "model_operations.op_library_filename", "not supported yet")]
    [InlineData("parameters { key: 'TRITON_BATCH_STRATEGY_PATH' }", "parameters[\"TRITON_BATCH_STRATEGY_PATH\"]", "not supported yet")]
    [InlineData("input { name: 'x' data_type: TYPE_FP32 dims: 1 reshape { } }", "input[0].reshape", "reshape is not supported yet")]
    [InlineData("output { name: 'x' data_type: TYPE_FP32 dims: 1 reshape { } }", "output[0].reshape", "reshape is not supported yet")]
    [InlineData("input { name: 'x' data_type: TYPE_FP32 dims: 1 allow_ragged_batch: true }", "input[0].allow_ragged_batch", "ragged batching is not supported yet")]
    [InlineData("batch_input {}", "batch_input", "not supported yet")]
    [InlineData("batch_output {}", "batch_output", "not supported yet")]
    [InlineData("instance_group { rate_limiter { resources { name: 'r' } } }", "instance_group[0].rate_limiter", "not supported yet")]
    [InlineData("instance_group { rate_limiter { priority: 2 } }", "instance_group[0].rate_limiter", "not supported yet")]
    [InlineData("instance_group { secondary_devices { } }", "instance_group[0].secondary_devices", "not supported yet")]
    [InlineData("instance_group { passive: true }", "instance_group[0].passive", "not supported yet")]
    [InlineData("instance_group { host_policy: 'p' }", "instance_group[0].host_policy", "not supported yet")]
    [InlineData("optimization { execution_accelerators { gpu_execution_accelerator { name: 'tensorrt' } } }", "optimization.execution_accelerators.gpu_execution_accelerator", "the accelerator 'tensorrt' is not supported yet")]
    [InlineData("optimization { execution_accelerators { cpu_execution_accelerator { name: 'openvino' } } }", "optimization.execution_accelerators.cpu_execution_accelerator", "the accelerator 'openvino' is not supported yet")]
    [InlineData("model_transaction_policy { decoupled: true }", "model_transaction_policy.decoupled", "not supported yet")]
    [InlineData("response_cache { enable: true }", "response_cache.enable", "not supported yet")]
    [InlineData("model_repository_agents { agents { name: 'checksum' } }", "model_repository_agents.agents", "repository agents ('checksum') are not supported yet")]
    public void A_fault_is_named_by_its_field(string text, string field, string message)
    {
        var compiled = Compile(text);
        Assert.Null(compiled.Spec);
        Assert.Contains(
            compiled.Findings,
            finding => finding.Severity == ConfigSeverity.Fault && finding.Field == field
                && finding.Message.Contains(message, StringComparison.Ordinal));
        Assert.Contains($"{field}: ", compiled.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cc_model_filenames { key: '7.5' value: 'model.plan' }", "cc_model_filenames")]
    [InlineData("metric_tags { key: 'a' value: 'b' }", "metric_tags")]
    [InlineData("model_metrics { }", "model_metrics")]
    [InlineData("model_warmup { }", "model_warmup[0].batch_size")]
    [InlineData("dynamic_batching { priority_queue_policy { key: 1 } }", "dynamic_batching.priority_queue_policy")]
    [InlineData("optimization { priority: PRIORITY_MAX }", "optimization.priority")]
    [InlineData("optimization { cuda { graphs: true } }", "optimization.cuda")]
    [InlineData("optimization { input_pinned_memory { enable: true } }", "optimization.input_pinned_memory")]
    [InlineData("optimization { output_pinned_memory { enable: true } }", "optimization.output_pinned_memory")]
    [InlineData("optimization { gather_kernel_buffer_threshold: 1 }", "optimization.gather_kernel_buffer_threshold")]
    [InlineData("optimization { eager_batching: true }", "optimization.eager_batching")]
    public void What_has_no_effect_is_noted_and_served(string text, string field)
    {
        var compiled = Compile(text);
        Assert.NotNull(compiled.Spec);
        var finding = Assert.Single(compiled.Findings);
        Assert.Equal((ConfigSeverity.Note, field), (finding.Severity, finding.Field));
    }

    [Fact]
    public void All_faults_are_reported_at_once()
    {
        var compiled = Compile("""
            name: "other" max_batch_size: -1 sequence_batching { } instance_group { kind: KIND_GPU }
            input { name: "x" dims: 0 } model_warmup { batch_size: 1 }
            """);
        Assert.Equal(
            ["name", "max_batch_size", "sequence_batching", "input[0].data_type", "input[0].dims[0]", "instance_group[0].kind", "model_warmup[0].inputs"],
            compiled.Findings.Select(finding => finding.Field));
    }

    [Theory]
    [InlineData("model.plan", "the backend 'tensorrt' is not supported yet")]
    [InlineData("model.pt", "the backend 'pytorch' is not supported yet")]
    [InlineData("model.py", "the backend 'python' is not supported yet")]
    [InlineData("weights.bin", "Invalid model name: Could not determine backend for model 'm' with no backend in model configuration. Expected model name of the form 'model.<backend_name>'.")]
    public void A_model_that_cannot_be_recognized_says_so(string entry, string message) =>
        Assert.Contains(message, ModelConfigCompiler.Compile(null, Files("m", [entry])).Problem, StringComparison.Ordinal);

    [Fact]
    public void A_model_without_versions_says_so() =>
        Assert.Contains(
            "there is no version directory",
            ModelConfigCompiler.Compile(new ModelConfig { Backend = "onnxruntime" }, new ModelFiles("m", "/r/m", [])).Problem,
            StringComparison.Ordinal);

    [Fact]
    public void The_written_configuration_is_not_changed()
    {
        var config = new ModelConfig { MaxBatchSize = 8 };
        ModelConfigCompiler.Compile(config, Files("m", ["model.onnx"]));
        Assert.Equal(new ModelConfig { MaxBatchSize = 8 }, config);
    }

    [Fact]
    public void Lists_and_findings_are_bounded()
    {
        var many = new ModelConfig();
        many.Input.AddRange(Enumerable.Range(0, 4096).Select(_ => new ModelInput()));
        var compiled = ModelConfigCompiler.Compile(many, Files("m", ["model.onnx"]));
        Assert.Equal(101, compiled.Findings.Length);
        Assert.Contains("more findings are left out", compiled.Findings[^1].Message, StringComparison.Ordinal);

        many.Input.Add(new ModelInput());
        Assert.Equal(
            "input: the list has 4097 elements; the most are 4096",
            ModelConfigCompiler.Compile(many, Files("m", ["model.onnx"])).Problem);

        var deep = new ModelConfig();
        deep.ModelWarmup.Add(new ModelWarmup { Inputs = { ["a"] = new ModelWarmup.Types.Input() } });
        deep.ModelWarmup[0].Inputs["a"].Dims.AddRange(new long[4097]);
        Assert.StartsWith(
            "model_warmup.inputs.dims: the list has 4097 elements",
            ModelConfigCompiler.Compile(deep, Files("m", ["model.onnx"])).Problem,
            StringComparison.Ordinal);
    }

    private static ModelSpec Spec(string text)
    {
        var compiled = Compile(text);
        Assert.Null(compiled.Problem);
        return compiled.Spec!;
    }

    private static CompiledModelConfig Compile(string? text) =>
        ModelConfigCompiler.Compile(text is null ? null : Parse(text), Files("m", ["model.onnx"]));

    private static ModelConfig Parse(string text) => TextFormatParser.Parse<ModelConfig>(Encoding.UTF8.GetBytes(text));

    private static ModelFiles Files(string name, ImmutableSortedSet<string> entries) =>
        new(name, $"/r/{name}", [new VersionFiles(1, $"/r/{name}/1", entries, "s1")]);
}
