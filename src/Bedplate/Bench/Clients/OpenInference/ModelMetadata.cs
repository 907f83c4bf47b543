using System.Collections.Immutable;
using Bedplate.Inference.Models;

namespace Bedplate.Bench.Clients.OpenInference;

/// <summary>What a server says of a model. Shapes have −1 where they vary, the batch dimension included.</summary>
internal sealed record ModelMetadata(
    string Name, string Platform, ImmutableArray<TensorSpec> Inputs, ImmutableArray<TensorSpec> Outputs)
{
    /// <summary>
    /// Whether the model takes batches, as far as metadata tells: the first dimension of every input varies.
    /// </summary>
    public bool HasBatchDimension => !Inputs.IsEmpty && Inputs.All(input => input.Shape.Rank > 0 && input.Shape[0] < 0);
}
