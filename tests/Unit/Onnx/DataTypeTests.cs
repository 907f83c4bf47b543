using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Tests.Unit.Onnx;

public class DataTypeTests
{
    public static TheoryData<DataType> Numbers { get; } =
        new(Enum.GetValues<DataType>().Where(type => type is not (DataType.Invalid or DataType.Bytes)));

    [Theory]
    [MemberData(nameof(Numbers))]
    public void Every_type_goes_through_unchanged(DataType type)
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.Identity(type, "n", 3));
        Assert.Equal(type, model.Signature.Inputs[0].Type);
        Assert.Equal(type, model.Signature.Outputs[0].Type);
        Assert.Equal(new TensorShape(-1, 3), model.Signature.Inputs[0].Shape);

        var bytes = new byte[6 * type.ByteSize()];
        new Random(7).NextBytes(bytes);
        if (type == DataType.Bool)
        {
            bytes.AsSpan().Clear();
            bytes[4] = 1;
        }

        using var slot = rig.Slot(model);
        slot.Input("x", type, [2, 3], bytes).Succeed();
        Assert.Equal(type, slot.Tensor("y").Type);
        Assert.Equal(new TensorShape(2, 3), slot.Tensor("y").Shape);
        Assert.Equal(bytes, slot.Tensor("y").Bytes.ToArray());
    }

    [Fact]
    public void Half_precision_is_computed_with()
    {
        using var rig = new OnnxRig();
        var builder = new OnnxModelBuilder();
        builder.Graph
            .Input("a", DataType.Float16, 2)
            .Input("b", DataType.Float16, 2)
            .Node("Add", ["a", "b"], ["sum"])
            .Output("sum", DataType.Float16, 2);
        using var model = rig.Load(builder);
        using var slot = rig.Slot(model);
        slot.Input("a", DataType.Float16, [2], (Half)1.5f, (Half)(-8))
            .Input("b", DataType.Float16, [2], (Half)2.25f, (Half)8)
            .Succeed();
        Assert.Equal([(Half)3.75f, (Half)0], slot.Output<Half>("sum"));
    }

    [Fact]
    public void Brain_floats_are_the_upper_half_of_single_precision()
    {
        using var rig = new OnnxRig();
        var builder = new OnnxModelBuilder();
        builder.Graph
            .Input("x", DataType.BFloat16, 3)
            .Node("Cast", ["x"], ["y"], [OnnxAttributeValue.Int("to", (int)OnnxElement.Float)])
            .Output("y", DataType.Float32, 3);
        using var model = rig.Load(builder);
        using var slot = rig.Slot(model);
        slot.Input<ushort>("x", DataType.BFloat16, [3], 0x3FC0, 0xC2C8, 0x7F80).Succeed();
        Assert.Equal([1.5f, -100f, float.PositiveInfinity], slot.Output<float>("y"));
    }

    [Fact]
    public void A_scalar_has_no_dimensions()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.Identity(DataType.Int64));
        Assert.Equal(0, model.Signature.Inputs[0].Shape.Rank);
        Assert.True(model.Signature.Inputs[0].HasKnownRank);
        using var slot = rig.Slot(model);
        slot.Input("x", DataType.Int64, [], 42L).Succeed();
        Assert.Equal(0, slot.Tensor("y").Shape.Rank);
        Assert.Equal([42L], slot.Output<long>("y"));
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(2, 0)]
    public void A_dimension_may_be_zero(long rows, long columns)
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.Identity(DataType.Float32, -1, -1));
        using var slot = rig.Slot(model);
        slot.Floats("x", [rows, columns]).Succeed();
        Assert.Equal(new TensorShape(rows, columns), slot.Tensor("y").Shape);
        Assert.Equal(0, slot.Tensor("y").ByteLength);
    }

    [Fact]
    public void An_output_has_the_shape_the_run_gave_it()
    {
        using var rig = new OnnxRig();
        var builder = new OnnxModelBuilder();
        builder.Graph.Input("x", DataType.Float32, "n").Node("NonZero", ["x"], ["at"]).Output("at", DataType.Int64, 1, "found");
        using var model = rig.Load(builder);
        Assert.Equal(new TensorShape(1, -1), model.Signature.Outputs[0].Shape);
        using var slot = rig.Slot(model);
        slot.Floats("x", [4], 0, 5, 0, 7).Succeed();
        Assert.Equal(new TensorShape(1, 2), slot.Tensor("at").Shape);
        Assert.Equal([1L, 3L], slot.Output<long>("at"));
        slot.Floats("x", [3], 0, 0, 0).Succeed();
        Assert.Equal(new TensorShape(1, 0), slot.Tensor("at").Shape);
    }
}
