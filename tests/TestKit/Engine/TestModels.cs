using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Tests.TestKit.Engine;

/// <summary>Specifications of models that need no file.</summary>
public static class TestModels
{
    /// <summary>As <see cref="Identity"/>, on a <see cref="ManualBackend"/>.</summary>
    public static ModelSpec Manual(string name, int maxBatchSize = 0, int instances = 1, BatchingSpec? batching = null) =>
        Identity(name, maxBatchSize: maxBatchSize, instances: instances, batching: batching) with { Backend = "manual" };

    /// <summary>An identity model with one input IN and one output OUT of FP32 [rows, 4].</summary>
    public static ModelSpec Identity(
        string name, int delayMilliseconds = 0, int maxBatchSize = 0, int instances = 1, BatchingSpec? batching = null, bool warmUp = false) => new()
        {
            Name = name,
            Backend = "identity",
            Versions = [new VersionSource(1, "")],
            InstanceCount = instances,
            DeriveWarmup = warmUp,
            MaxBatchSize = maxBatchSize,
            Batching = batching ?? BatchingSpec.Off,
            DeclaredSignature = new ModelSignature(
                [new TensorSpec("IN", DataType.Float32, new TensorShape(-1, 4))],
                [new TensorSpec("OUT", DataType.Float32, new TensorShape(-1, 4))]),
            Parameters = delayMilliseconds == 0
                ? new Dictionary<string, string>()
                : new Dictionary<string, string> { ["execute_delay_ms"] = $"{delayMilliseconds}" },
        };

    /// <summary>An identity model of any inputs; outputs have their types and shapes and are named OUT for IN, y for x.</summary>
    public static ModelSpec IdentityOf(string name, params TensorSpec[] inputs) => new()
    {
        Name = name,
        Backend = "identity",
        Versions = [new VersionSource(1, "")],
        InstanceCount = 1,
        DeriveWarmup = false,
        Batching = BatchingSpec.Off,
        DeclaredSignature = new ModelSignature(
            [.. inputs],
            [.. inputs.Select(input => new TensorSpec(input.Name.Replace("IN", "OUT").Replace("x", "y"), input.Type, input.Shape))]),
    };
}
