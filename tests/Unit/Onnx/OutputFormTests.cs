using Bedplate.Inference.Backends;
using Bedplate.Inference.Models;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Tests.Unit.Onnx;

/// <summary>Sequences and maps as docs/reference/onnx-outputs.md has them.</summary>
public class OutputFormTests
{
    [Fact]
    public void A_sequence_of_maps_becomes_values_and_keys()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.ZipMap("setosa", "versicolor", ""));
        Assert.Equal("probabilities:FP32[-1,-1]", model.Signature.Outputs[0].ToString());
        Assert.Equal("probabilities.keys:BYTES[-1,-1]", model.Signature.Outputs[1].ToString());

        using var slot = rig.Slot(model);
        slot.Floats("x", [2, 3], 0.1f, 0.2f, 0.7f, 1, 0, 0).Succeed();
        Assert.Equal(new TensorShape(2, 3), slot.Tensor("probabilities").Shape);
        Assert.Equal(new TensorShape(2, 3), slot.Tensor("probabilities.keys").Shape);

        // The runtime keeps a map's entries in the order of their keys.
        Assert.Equal(["", "setosa", "versicolor", "", "setosa", "versicolor"], slot.Strings("probabilities.keys"));
        Assert.Equal([0.7f, 0.1f, 0.2f, 0, 1, 0], slot.Output<float>("probabilities"));
    }

    [Fact]
    public void Whole_numbers_may_be_keys()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.ZipMap(7, -3));
        using var slot = rig.Slot(model);
        slot.Floats("x", [1, 2], 0.25f, 0.75f).Succeed();
        Assert.Equal(DataType.Int64, slot.Tensor("probabilities.keys").Type);
        Assert.Equal([-3L, 7L], slot.Output<long>("probabilities.keys"));
        Assert.Equal([0.75f, 0.25f], slot.Output<float>("probabilities"));
    }

    [Theory]
    [InlineData("probabilities", "probabilities.keys")]
    [InlineData("probabilities.keys", "probabilities")]
    public void Either_part_of_a_map_can_be_had_alone(string asked, string other)
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.ZipMap(1, 2));
        using var slot = rig.Slot(model);
        slot.Floats("x", [1, 2], 0.25f, 0.75f).Succeed(asked);
        Assert.True(slot.Tensor(asked).IsPresent);
        Assert.False(slot.Tensor(other).IsPresent);
    }

    [Fact]
    public void A_batch_of_no_rows_has_no_values()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.ZipMap(1, 2));
        using var slot = rig.Slot(model);
        slot.Floats("x", [0, 2]).Succeed();
        Assert.Equal(new TensorShape(0, 0), slot.Tensor("probabilities").Shape);
        Assert.Equal(new TensorShape(0, 0), slot.Tensor("probabilities.keys").Shape);
    }

    [Fact]
    public void The_name_of_the_keys_gives_way_to_the_models_own()
    {
        using var rig = new OnnxRig();
        var builder = OnnxModels.ZipMap(1, 2);
        builder.Graph.Node("Neg", ["x"], ["probabilities.keys"]).Output("probabilities.keys", DataType.Float32, -1, 2);
        using var model = rig.Load(builder);
        Assert.Equal(
            ["probabilities", "probabilities.keys_", "probabilities.keys"],
            model.Signature.Outputs.Select(output => output.Name));
        using var slot = rig.Slot(model);
        slot.Floats("x", [1, 2], 0.25f, 0.75f).Succeed();
        Assert.Equal([-0.25f, -0.75f], slot.Output<float>("probabilities.keys"));
        Assert.Equal([1L, 2L], slot.Output<long>("probabilities.keys_"));
    }

    [Fact]
    public void Tensors_of_one_shape_are_stacked()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(Split(DataType.Float32));
        Assert.Equal("parts:FP32[-1,2,-1]", model.Signature.Outputs[0].ToString());
        using var slot = rig.Slot(model);
        slot.Floats("x", [2, 4], 1, 2, 3, 4, 5, 6, 7, 8).Succeed();
        Assert.Equal(new TensorShape(2, 2, 2), slot.Tensor("parts").Shape);
        Assert.Equal([1f, 2, 5, 6, 3, 4, 7, 8], slot.Output<float>("parts"));
    }

    [Fact]
    public void Stacked_tensors_may_hold_strings()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(Split(DataType.Bytes));
        using var slot = rig.Slot(model);
        slot.Strings("x", [2, 4], "a", "", "ccc", "d\0d", "e", "f", "gg", "").Succeed();
        Assert.Equal(new TensorShape(2, 2, 2), slot.Tensor("parts").Shape);
        Assert.Equal(["a", "", "e", "f", "ccc", "d\0d", "gg", ""], slot.Strings("parts"));
    }

    [Fact]
    public void Tensors_of_several_shapes_are_refused_with_both()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(Split(DataType.Float32));
        using var slot = rig.Slot(model);
        var outcome = slot.Floats("x", [2, 3], 1, 2, 3, 4, 5, 6).Run();
        Assert.Equal(BackendStatus.Failed, outcome.Status);
        Assert.Contains("'parts'", outcome.Message, StringComparison.Ordinal);
        Assert.Contains("[2,2]", outcome.Message, StringComparison.Ordinal);
        Assert.Contains("[2,1]", outcome.Message, StringComparison.Ordinal);
        Assert.False(slot.Execution.Outputs[0].IsPresent);
    }

    [Fact]
    public void A_sequence_of_nothing_is_a_tensor_of_no_rows()
    {
        using var rig = new OnnxRig();
        var builder = new OnnxModelBuilder();
        builder.Graph
            .Input("x", DataType.Float32, 1)
            .Node("SequenceEmpty", [], ["none"])
            .Node("Identity", ["x"], ["y"])
            .Output("none", OnnxType.Sequence(OnnxType.Tensor(DataType.Float32, 5, -1)))
            .Output("y", DataType.Float32, 1);
        using var model = rig.Load(builder);
        using var slot = rig.Slot(model);
        slot.Floats("x", [1], 1).Succeed();
        Assert.Equal(0, slot.Tensor("none").Shape[0]);
        Assert.Equal(0, slot.Tensor("none").ByteLength);
    }

    [Theory]
    [InlineData(7, true)]
    [InlineData(8, false)]
    public void Stacking_must_not_pass_the_most_dimensions(int rank, bool fits)
    {
        using var rig = new OnnxRig();
        var dimensions = Enumerable.Repeat((OnnxDimension)1, rank).ToArray();
        var builder = new OnnxModelBuilder();
        builder.Graph
            .Input("x", DataType.Float32, dimensions)
            .Node("SequenceConstruct", ["x", "x"], ["both"])
            .Output("both", OnnxType.Sequence(OnnxType.Tensor(DataType.Float32, dimensions)));
        if (fits)
        {
            using var model = rig.Load(builder);
            using var slot = rig.Slot(model);
            slot.Floats("x", Enumerable.Repeat(1L, rank).ToArray(), 5).Succeed();
            Assert.Equal([5f, 5f], slot.Output<float>("both"));
            Assert.Equal(8, slot.Tensor("both").Shape.Rank);
        }
        else
        {
            Assert.Contains("'both'", rig.RefusalOf(builder), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Memory_that_is_not_there_is_said_and_nothing_is_leaked()
    {
        using var rig = new OnnxRig();
        var full = new AlignedMemoryPool(limitBytes: 0, cacheLimitBytes: 0);
        using var model = rig.Backend.Load(
            OnnxRig.Source(), OnnxModels.ZipMap(1, 2).ToBytes(), full, TestContext.Current.CancellationToken);
        using var slot = rig.Slot(model);
        var outcome = slot.Floats("x", [1, 2], 0.25f, 0.75f).Run();
        Assert.Equal(BackendStatus.Failed, outcome.Status);
        Assert.Contains("memory limit", outcome.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_become_tensors_is_refused_at_load()
    {
        using var rig = new OnnxRig();
        var optional = new OnnxModelBuilder();
        optional.Graph
            .Input("x", DataType.Float32, 1)
            .Node("Optional", ["x"], ["maybe"])
            .Output("maybe", OnnxType.Optional(OnnxType.Tensor(DataType.Float32, 1)));
        var refusal = rig.RefusalOf(optional);
        Assert.Contains("'maybe'", refusal, StringComparison.Ordinal);
        Assert.Contains("optional", refusal, StringComparison.Ordinal);
    }

    /// <summary>x[2, n] cut into pieces of two columns, the last of which may have one.</summary>
    internal static OnnxModelBuilder Split(DataType type)
    {
        var model = new OnnxModelBuilder();
        model.Graph
            .Input("x", type, 2, "n")
            .Initializer("size", OnnxTensor.Longs([], 2))
            .Node("SplitToSequence", ["x", "size"], ["parts"], [OnnxAttributeValue.Int("axis", 1)])
            .Output("parts", OnnxType.Sequence(OnnxType.Tensor(type, 2, -1)));
        return model;
    }
}
