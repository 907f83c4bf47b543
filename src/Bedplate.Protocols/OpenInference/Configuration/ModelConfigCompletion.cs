using Bedplate.Contracts.OpenInference;
using Bedplate.Inference.Models;
using Bedplate.Tensors;
using Google.Protobuf.Collections;
using WireType = Bedplate.Contracts.OpenInference.DataType;

namespace Bedplate.Protocols.OpenInference.Configuration;

/// <summary>
/// Completes a configuration with what only the loaded model tells, for <c>GET …/config</c>. What comes out is what is
/// served: unlike Triton, a model without configuration keeps max_batch_size 0 and its full shapes, as its batching is
/// learned by the engine and not declared.
/// </summary>
public static class ModelConfigCompletion
{
    /// <summary>A completed copy.</summary>
    /// <param name="compiled">What <see cref="ModelConfigCompiler"/> made of the configuration.</param>
    /// <param name="signature">The signature that is served, the batch dimension included.</param>
    /// <param name="instanceCount">The slots that the model has.</param>
    public static ModelConfig Complete(ModelConfig compiled, ModelSignature signature, int instanceCount)
    {
        var config = compiled.Clone();
        if (config.Input.Count == 0)
        {
            foreach (var input in signature.Inputs)
            {
                var added = new ModelInput { Name = input.Name, DataType = (WireType)input.Type, Optional = input.IsOptional };
                AddDims(added.Dims, input.Shape, config.MaxBatchSize);
                config.Input.Add(added);
            }
        }

        if (config.Output.Count == 0)
        {
            foreach (var output in signature.Outputs)
            {
                var added = new ModelOutput { Name = output.Name, DataType = (WireType)output.Type };
                AddDims(added.Dims, output.Shape, config.MaxBatchSize);
                config.Output.Add(added);
            }
        }

        if (config.InstanceGroup.Count == 0)
        {
            config.InstanceGroup.Add(new ModelInstanceGroup
            {
                Name = config.Name,
                Kind = ModelInstanceGroup.Types.Kind.Cpu,
            });
        }

        Distribute(instanceCount, config.InstanceGroup);
        return config;
    }

    private static void AddDims(RepeatedField<long> dims, TensorShape shape, int maxBatchSize)
    {
        for (var i = maxBatchSize > 0 ? 1 : 0; i < shape.Rank; i++)
        {
            dims.Add(shape[i]);
        }
    }

    // Only where the configuration left the number to the engine; then no group has a count.
    private static void Distribute(int instanceCount, RepeatedField<ModelInstanceGroup> groups)
    {
        if (groups.Any(group => group.Count > 0))
        {
            return;
        }

        for (var i = 0; i < groups.Count; i++)
        {
            groups[i].Count = (instanceCount / groups.Count) + (i < instanceCount % groups.Count ? 1 : 0);
        }
    }
}
