using System.Runtime.InteropServices;
using Bedplate.Inference.Backends;
using Bedplate.Inference.Models;
using Bedplate.Inference.Onnx;
using Bedplate.Inference.Scheduling.Batching;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Memory;
using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Tests.Unit.Inference.Scheduling;

/// <summary>What the trial finds out about models on the real runtime.</summary>
public sealed class RowIndependenceTrialTests : IDisposable
{
    private readonly DiagnosticMemoryPool _memory = new();
    private readonly OnnxBackend _backend = new(new OnnxRuntimeOptions());

    [Fact]
    public void Rows_of_a_perceptron_can_be_put_together()
    {
        using var model = Load(OnnxModels.Mlp(seed: 3, 5, 16, 2));
        var plan = Try(model, [Floats([1, 5], 1)], [Floats([1, 5], 2)]);
        Assert.Equal([0], plan!.InputAxes);
        Assert.Equal([0], plan.OutputAxes);
    }

    [Fact]
    public void Equal_requests_are_disturbed_so_that_mixing_shows()
    {
        using var model = Load(OnnxModels.Mlp(seed: 3, 5, 16, 2));
        Assert.NotNull(Try(model, [Floats([1, 5], 1)], [Floats([1, 5], 1)]));
        using var mixing = Load(CentredByBatch());
        Assert.Null(Try(mixing, [Floats([1, 4], 1)], [Floats([1, 4], 1)]));
    }

    [Fact]
    public void A_model_that_mixes_its_rows_is_found_out()
    {
        using var model = Load(CentredByBatch());
        Assert.Null(Try(model, [Floats([1, 4], 1)], [Floats([1, 4], 2)]));
    }

    [Fact]
    public void A_model_that_quantizes_over_the_batch_is_found_out()
    {
        // The scale follows the largest number of the whole tensor, so a row's answer depends on its neighbours.
        var builder = new OnnxModelBuilder();
        builder.Graph
            .Input("x", DataType.Float32, "n", 16)
            .Node("DynamicQuantizeLinear", ["x"], ["q", "scale", "zero"])
            .Node("DequantizeLinear", ["q", "scale", "zero"], ["y"])
            .Output("y", DataType.Float32, "n", 16);
        using var model = Load(builder);
        Assert.Null(Try(model, [Floats([1, 16], 1)], [Floats([1, 16], 7)]));
    }

    [Fact]
    public void Rows_in_another_dimension_and_shared_settings_are_found()
    {
        using var model = _backend.Load(
            new ModelSource { Name = "vad", Version = 5, Path = NpmModels.SileroV5 }, _memory, CancellationToken.None);
        var plan = Try(model, Speech(1), Speech(2));
        Assert.Equal([0, 1, BatchPlan.Shared], plan!.InputAxes);
        Assert.Equal([0, 1], plan.OutputAxes);

        Tensor[] Speech(int seed) => [Floats([1, 576], seed), Floats([2, 1, 128], seed), Integers([], 16_000)];
    }

    [Fact]
    public void A_fixed_shape_has_no_place_for_a_second_row()
    {
        using var model = Load(OnnxModels.Identity(DataType.Float32, 1, 100));
        Assert.Null(Try(model, [Floats([1, 100], 1)], [Floats([1, 100], 2)]));
    }

    [Fact]
    public void Strings_are_put_together_by_rows()
    {
        using var model = Load(OnnxModels.Identity(DataType.Bytes, "n", 2));
        var plan = Try(model, [Strings([1, 2], "a", "long one")], [Strings([1, 2], "", "b")]);
        Assert.Equal([0], plan!.OutputAxes);
    }

    [Fact]
    public void A_model_of_sequences_without_rows_is_not_batched_along_them()
    {
        // y is x reversed in time: joined sequences are not the sequences joined.
        var builder = new OnnxModelBuilder();
        builder.Graph
            .Input("x", DataType.Float32, "t")
            .Initializer("starts", OnnxTensor.Longs([1], -1))
            .Initializer("ends", OnnxTensor.Longs([1], long.MinValue))
            .Initializer("axes", OnnxTensor.Longs([1], 0))
            .Initializer("steps", OnnxTensor.Longs([1], -1))
            .Node("Slice", ["x", "starts", "ends", "axes", "steps"], ["y"])
            .Output("y", DataType.Float32, "t");
        using var model = Load(builder);
        Assert.Null(Try(model, [Floats([4], 1)], [Floats([4], 2)]));
    }

    [Fact]
    public void Requests_of_different_shape_do_not_hide_that_rows_are_independent()
    {
        var builder = new OnnxModelBuilder();
        builder.Graph
            .Input("x", DataType.Float32, "n", 3, "h", "w")
            .Node("GlobalAveragePool", ["x"], ["y"])
            .Output("y", DataType.Float32, "n", 3, 1, 1);
        using var model = Load(builder);
        var plan = Try(model, [Floats([1, 3, 2, 2], 1)], [Floats([1, 3, 2, 5], 2)]);
        Assert.Equal([0], plan!.InputAxes);
        Assert.Equal([0], plan.OutputAxes);

        // One black pixel, and then what the model is for: zeros cannot be disturbed.
        var pixel = Floats([1, 3, 1, 1], 1);
        pixel.Buffer!.Span.Clear();
        Assert.NotNull(Try(model, [pixel], [Floats([1, 3, 2, 5], 2)]));
    }

    public void Dispose() => _memory.Verify();

    // y = x − mean over the batch.
    private static OnnxModelBuilder CentredByBatch()
    {
        var builder = new OnnxModelBuilder();
        builder.Graph
            .Input("x", DataType.Float32, "n", 4)
            .Node("ReduceMean", ["x"], ["mean"], [OnnxAttributeValue.Ints("axes", 0)])
            .Node("Sub", ["x", "mean"], ["centred"])
            .Node("Add", ["centred", "x"], ["y"])
            .Output("y", DataType.Float32, "n", 4);
        return builder;
    }

    private OnnxModel Load(OnnxModelBuilder builder) =>
        _backend.Load(new ModelSource { Name = "m", Version = 1, Path = "" }, builder.ToBytes(), _memory, CancellationToken.None);

    // Runs the trial on two requests; both tensors sets are given back.
    private BatchPlan? Try(ICallModel model, Tensor[] first, Tensor[] second)
    {
        using var trial = new RowIndependenceTrial(model.Signature, _memory);
        trial.Offer(first);
        trial.Offer(second);
        for (var i = 0; i < 8; i++)
        {
            trial.Offer(second);
        }

        Release(first);
        Release(second);
        Assert.True(trial.TryBegin());
        using var instance = model.CreateInstance();
        trial.Run(instance, new CallExecution(model.Signature));
        Assert.False(string.IsNullOrEmpty(trial.Verdict));
        return trial.FoundPlan;
    }

    private Tensor Floats(ReadOnlySpan<long> shape, int seed)
    {
        var tensorShape = new TensorShape(shape);
        Assert.True(tensorShape.TryGetElementCount(out var count));
        var random = new Random(seed);
        var buffer = _memory.Rent(count * sizeof(float));
        foreach (ref var value in MemoryMarshal.Cast<byte, float>(buffer.Span))
        {
            value = random.NextSingle() - 0.5f;
        }

        return new Tensor(DataType.Float32, tensorShape, buffer, buffer.ByteLength);
    }

    private Tensor Integers(ReadOnlySpan<long> shape, params ReadOnlySpan<long> values)
    {
        var buffer = _memory.Rent(values.Length * sizeof(long));
        values.CopyTo(MemoryMarshal.Cast<byte, long>(buffer.Span));
        return new Tensor(DataType.Int64, new TensorShape(shape), buffer, buffer.ByteLength);
    }

    private Tensor Strings(ReadOnlySpan<long> shape, params string[] values)
    {
        var buffer = _memory.Rent(values.Sum(value => BytesLayout.PrefixSize + value.Length));
        var remaining = buffer.Span;
        foreach (var value in values)
        {
            remaining = remaining[BytesLayout.WriteElement(remaining, System.Text.Encoding.ASCII.GetBytes(value))..];
        }

        return new Tensor(DataType.Bytes, new TensorShape(shape), buffer, buffer.ByteLength);
    }

    private static void Release(Tensor[] tensors)
    {
        for (var i = 0; i < tensors.Length; i++)
        {
            tensors[i].Release();
        }
    }
}
