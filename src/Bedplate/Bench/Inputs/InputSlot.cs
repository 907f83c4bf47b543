using System.Globalization;
using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Bench.Inputs;

/// <summary>One input of the model and the shape that its data will have.</summary>
internal sealed class InputSlot
{
    private readonly bool _hasBatch;
    private readonly TensorShape? _itemShape;

    /// <summary>An input; <paramref name="given"/> is its --shape, with or without the batch dimension.</summary>
    /// <exception cref="BenchException">The shape does not fit the input.</exception>
    public InputSlot(TensorSpec spec, bool hasBatch, int batchSize, TensorShape? given)
    {
        Spec = spec;
        _hasBatch = hasBatch;
        if (given is not { } shape)
        {
            _itemShape = ItemShapeOf(spec.Shape, hasBatch);
            return;
        }

        _itemShape = Complete(shape, $"--shape {spec.Name}:{Dimensions(shape)}");
        if (hasBatch && batchSize > 1 && shape.Rank == spec.Shape.Rank)
        {
            throw new BenchException(
                BenchExitCode.Usage,
                $"--shape {spec.Name}:{Dimensions(shape)} has the batch dimension and --batch-size is {batchSize}: leave the first dimension, {shape[0]}, out.");
        }
    }

    /// <summary>Name, type and shape as the server has them.</summary>
    public TensorSpec Spec { get; }

    /// <summary>The shape of one item, its batch dimension (where there is one) included.</summary>
    /// <exception cref="BenchException">It varies and nothing says what it is.</exception>
    public TensorShape ItemShape => _itemShape ?? throw new BenchException(
        BenchExitCode.Usage,
        $"Input '{Spec.Name}' has the shape {Spec.Shape}, where -1 varies: say which with --shape {Spec.Name}:{Suggestion()}.");

    /// <summary>A given shape, completed by a batch dimension of 1 where it was left out, and checked.</summary>
    /// <exception cref="BenchException">It does not fit the input; the message starts with <paramref name="source"/>.</exception>
    public TensorShape Complete(TensorShape given, string source)
    {
        var shape = given;
        if (_hasBatch && given.Rank == Spec.Shape.Rank - 1)
        {
            shape = new TensorShape(1);
            foreach (var dimension in given.Span)
            {
                shape.TryAdd(dimension);
            }
        }

        if (!Spec.Accepts(shape) || !shape.TryGetElementCount(out _))
        {
            throw new BenchException(BenchExitCode.Usage, $"{source}: input '{Spec.Name}' has the shape {Spec.Shape}.");
        }

        return shape;
    }

    private static TensorShape? ItemShapeOf(TensorShape declared, bool hasBatch)
    {
        if (hasBatch)
        {
            declared[0] = 1;
        }

        return declared.TryGetElementCount(out _) ? declared : null;
    }

    private string Suggestion()
    {
        var known = Spec.Shape;
        var first = _hasBatch ? 1 : 0;
        return string.Join(',', Enumerable.Range(first, known.Rank - first)
            .Select(i => known[i] < 0 ? "N" : known[i].ToString(CultureInfo.InvariantCulture)));
    }

    private static string Dimensions(TensorShape shape) => shape.ToString().Trim('[', ']');
}
