using System.Collections.Immutable;
using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Inference.Scheduling.Batching;

/// <summary>
/// Along which dimension each tensor of a model grows with the number of rows. Declared models have dimension 0
/// throughout; a trial may find others (a recurrent model's state often carries its rows in dimension 1) and inputs
/// that all rows share.
/// </summary>
internal sealed class BatchPlan
{
    /// <summary>The tensor does not grow with the rows: its content must be equal for all members of a batch.</summary>
    public const int Shared = -1;

    // Shared inputs are compared byte by byte for each pair of requests, so only small ones may be shared.
    public const int MaxSharedBytes = 256;

    public BatchPlan(ImmutableArray<int> inputAxes, ImmutableArray<int> outputAxes)
    {
        InputAxes = inputAxes;
        OutputAxes = outputAxes;
        RowInput = inputAxes.IndexOf(inputAxes.FirstOrDefault(axis => axis >= 0, Shared));
    }

    public ImmutableArray<int> InputAxes { get; }

    public ImmutableArray<int> OutputAxes { get; }

    /// <summary>An input whose batch dimension says how many rows a request has.</summary>
    public int RowInput { get; }

    /// <summary>The plan of a model with a declared batch dimension.</summary>
    public static BatchPlan Declared(ModelSignature signature) => new(
        [.. Enumerable.Repeat(0, signature.Inputs.Length)], [.. Enumerable.Repeat(0, signature.Outputs.Length)]);

    /// <summary>
    /// Rows of a request: the common size of its batch dimensions. 0 when they differ, when one is missing, or when
    /// there is no row.
    /// </summary>
    public int RowsOf(ReadOnlySpan<Tensor> inputs)
    {
        long rows = 0;
        for (var i = 0; i < inputs.Length; i++)
        {
            var axis = InputAxes[i];
            if (axis < 0 || !inputs[i].IsPresent)
            {
                continue;
            }

            if (inputs[i].Shape.Rank <= axis)
            {
                return 0;
            }

            var size = inputs[i].Shape[axis];
            if (rows != 0 && size != rows)
            {
                return 0;
            }

            rows = size;
        }

        return rows > int.MaxValue ? 0 : (int)rows;
    }

    /// <summary>
    /// Whether two requests can be one execution: the same inputs given, the same types and shapes apart from the
    /// batch dimension, equal content where it is shared.
    /// </summary>
    public bool AreCompatible(ReadOnlySpan<Tensor> left, ReadOnlySpan<Tensor> right)
    {
        for (var i = 0; i < left.Length; i++)
        {
            if (left[i].IsPresent != right[i].IsPresent)
            {
                return false;
            }

            if (!left[i].IsPresent)
            {
                continue;
            }

            var leftShape = left[i].Shape;
            var rightShape = right[i].Shape;
            if (left[i].Type != right[i].Type || leftShape.Rank != rightShape.Rank)
            {
                return false;
            }

            var axis = InputAxes[i];
            for (var d = 0; d < leftShape.Rank; d++)
            {
                if (d != axis && leftShape[d] != rightShape[d])
                {
                    return false;
                }
            }

            if (axis == Shared && !left[i].Bytes.SequenceEqual(right[i].Bytes))
            {
                return false;
            }
        }

        return true;
    }
}
