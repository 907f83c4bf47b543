using System.Text;
using Bedplate.Contracts.OpenInference;
using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference.Configuration;
using Bedplate.Protocols.OpenInference.Configuration.TextFormat;
using Bedplate.Tensors;
using Element = Bedplate.Tensors.DataType;

namespace Bedplate.Tests.Unit.OpenInference.Configuration;

public class ModelConfigCompletionTests
{
    private static readonly ModelFiles Files = new("m", "/r/m", [new VersionFiles(1, "/r/m/1", ["model.onnx"], "s1")]);

    [Fact]
    public void The_loaded_model_completes_a_model_without_configuration()
    {
        var signature = new ModelSignature(
            [new TensorSpec("x", Element.Float32, new TensorShape(-1, 3)), new TensorSpec("y", Element.Bytes, new TensorShape(2), isOptional: true)],
            [new TensorSpec("label", Element.Int64, new TensorShape(-1))]);
        var served = ModelConfigCompletion.Complete(Compile(null).Config, signature, instanceCount: 4);
        var expected = Parse("""
            name: "m" platform: "onnxruntime_onnx" backend: "onnxruntime" default_model_filename: "model.onnx"
            version_policy { latest { num_versions: 1 } }
            input [ { name: "x" data_type: TYPE_FP32 dims: [ -1, 3 ] }, { name: "y" data_type: TYPE_STRING dims: 2 optional: true } ]
            output { name: "label" data_type: TYPE_INT64 dims: -1 }
            instance_group { name: "m" kind: KIND_CPU count: 4 }
            """);
        Assert.Equal(expected, served);
    }

    [Fact]
    public void The_loaded_model_completes_a_partial_configuration()
    {
        var signature = new ModelSignature(
            [new TensorSpec("x", Element.Float32, new TensorShape(-1, 3))], [new TensorSpec("label", Element.Int64, new TensorShape(-1))]);
        var compiled = Compile("max_batch_size: 8 instance_group [ { }, { name: 'b' kind: KIND_MODEL } ]").Config;
        var served = ModelConfigCompletion.Complete(compiled, signature, instanceCount: 3);
        Assert.Equal([3], served.Input[0].Dims);
        Assert.Empty(served.Output[0].Dims);
        Assert.Equal([8], served.DynamicBatching.PreferredBatchSize);
        Assert.True(served.DynamicBatching.DefaultQueuePolicy.AllowTimeoutOverride);
        Assert.Equal(["m_0:2:Cpu", "b:1:Model"], served.InstanceGroup.Select(group => $"{group.Name}:{group.Count}:{group.Kind}"));

        // What is served can be given back as it is and means the same.
        var again = ModelConfigCompiler.Compile(served, Files);
        Assert.Equal(served, again.Config);
        Assert.Equal(3, again.Spec!.InstanceCount);
        Assert.Equal("label:INT64[-1]", again.Spec.DeclaredSignature!.Outputs[0].ToString());
    }

    [Fact]
    public void Declared_counts_and_tensors_stay_as_they_are()
    {
        var compiled = Compile("""
            input { name: "in" data_type: TYPE_FP32 dims: 3 }
            output { name: "out" data_type: TYPE_FP32 dims: 3 }
            """ + "instance_group { count: 3 }").Config;
        var signature = new ModelSignature([], [new TensorSpec("other", Element.Int64, new TensorShape(-1))]);
        Assert.Equal(compiled, ModelConfigCompletion.Complete(compiled, signature, instanceCount: 3));
    }

    private static CompiledModelConfig Compile(string? text) => ModelConfigCompiler.Compile(text is null ? null : Parse(text), Files);

    private static ModelConfig Parse(string text) => TextFormatParser.Parse<ModelConfig>(Encoding.UTF8.GetBytes(text));
}
