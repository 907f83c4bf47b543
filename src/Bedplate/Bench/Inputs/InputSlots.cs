using System.Collections.Immutable;
using Bedplate.Bench.Clients.OpenInference;
using Bedplate.Tensors;

namespace Bedplate.Bench.Inputs;

/// <summary>Makes the slots of a model's inputs from its metadata, --shape and --batch-size.</summary>
internal static class InputSlots
{
    /// <summary>A slot for each input, in the model's order.</summary>
    /// <exception cref="BenchException">A flag does not fit the model.</exception>
    public static ImmutableArray<InputSlot> Create(
        ModelMetadata model, IReadOnlyDictionary<string, TensorShape> shapes, int batchSize)
    {
        if (model.Inputs.IsEmpty)
        {
            throw new BenchException(BenchExitCode.ModelUnavailable, $"Model '{model.Name}' has no inputs, so there is nothing to send.");
        }

        foreach (var name in shapes.Keys)
        {
            if (model.Inputs.All(input => input.Name != name))
            {
                throw new BenchException(
                    BenchExitCode.Usage,
                    $"--shape {name}: model '{model.Name}' has no such input; it has {NamesOf(model)}.");
            }
        }

        if (batchSize > 1 && !model.HasBatchDimension)
        {
            var fixedInput = model.Inputs.First(input => input.Shape.Rank == 0 || input.Shape[0] >= 0);
            throw new BenchException(
                BenchExitCode.Usage,
                $"--batch-size {batchSize}: model '{model.Name}' takes no batches, as its input '{fixedInput.Name}' has the shape {fixedInput.Shape}, whose first dimension does not vary.");
        }

        return
        [
            .. model.Inputs.Select(input => new InputSlot(
                input,
                model.HasBatchDimension,
                batchSize,
                shapes.TryGetValue(input.Name, out var shape) ? shape : null)),
        ];
    }

    /// <summary>The names of the inputs, for messages.</summary>
    public static string NamesOf(ModelMetadata model) => string.Join(", ", model.Inputs.Select(input => $"'{input.Name}'"));
}
