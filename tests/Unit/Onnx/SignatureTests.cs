using Bedplate.Inference.Models;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Tests.Unit.Onnx;

public class SignatureTests
{
    [Fact]
    public void Named_and_nameless_dimensions_that_vary_are_minus_one()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.Identity(DataType.Float32, "batch", 3, -1));
        Assert.Equal("x:FP32[-1,3,-1]", model.Signature.Inputs[0].ToString());
        Assert.Equal("y:FP32[-1,3,-1]", model.Signature.Outputs[0].ToString());
    }

    [Fact]
    public void A_tensor_of_unknown_rank_is_told_from_a_scalar_and_takes_any_shape()
    {
        using var rig = new OnnxRig();
        var builder = new OnnxModelBuilder();
        builder.Graph
            .Input("x", OnnxType.UnrankedTensor(DataType.Float32))
            .Node("Neg", ["x"], ["y"])
            .Output("y", OnnxType.UnrankedTensor(DataType.Float32));
        using var model = rig.Load(builder);
        Assert.False(model.Signature.Inputs[0].HasKnownRank);
        Assert.False(model.Signature.Outputs[0].HasKnownRank);
        Assert.True(model.Signature.Inputs[0].Accepts(new TensorShape(2, 2)));
        using var slot = rig.Slot(model);
        slot.Floats("x", [2, 2], 1, 2, 3, 4).Succeed();
        Assert.Equal(new TensorShape(2, 2), slot.Tensor("y").Shape);
        slot.Floats("x", [], 9).Succeed();
        Assert.Equal(0, slot.Tensor("y").Shape.Rank);
    }

    [Fact]
    public void An_initializer_that_may_be_overridden_is_an_optional_input()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(WithDefault());
        Assert.False(model.Signature.Inputs[0].IsOptional);
        Assert.True(model.Signature.Inputs[1].IsOptional);
        Assert.Equal(1, model.Signature.RequiredInputCount);

        using var slot = rig.Slot(model);
        slot.Floats("x", [2], 1, 2).Succeed();
        Assert.Equal([11f, 12f], slot.Output<float>("y"));
        slot.Floats("bias", [1], 100).Succeed();
        Assert.Equal([101f, 102f], slot.Output<float>("y"));
        slot.Execution.Inputs[1].Release();
        slot.Succeed();
        Assert.Equal([11f, 12f], slot.Output<float>("y"));
    }

    [Theory]
    [InlineData(OnnxElement.Float8E4M3FN)]
    [InlineData(OnnxElement.UInt4)]
    [InlineData(OnnxElement.Int4)]
    public void A_type_the_protocol_lacks_is_refused_with_tensor_and_type(OnnxElement element)
    {
        using var rig = new OnnxRig();
        var builder = new OnnxModelBuilder(opset: 21, irVersion: 10);
        builder.Graph
            .Input("strange", OnnxType.Tensor(element, 2))
            .Node("Shape", ["strange"], ["size"])
            .Output("size", DataType.Int64, 1);
        var refusal = rig.RefusalOf(builder);
        Assert.Contains("'strange'", refusal, StringComparison.Ordinal);
        Assert.Contains(element.ToString(), refusal, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Complex_numbers_are_refused_by_the_runtime_itself()
    {
        using var rig = new OnnxRig();
        var builder = new OnnxModelBuilder();
        builder.Graph
            .Input("strange", OnnxType.Tensor(OnnxElement.Complex64, 2))
            .Node("Shape", ["strange"], ["size"])
            .Output("size", DataType.Int64, 1);
        Assert.Contains("complex64", rig.RefusalOf(builder), StringComparison.Ordinal);
    }

    [Fact]
    public void Inputs_that_are_not_tensors_are_refused()
    {
        using var rig = new OnnxRig();
        var sequence = new OnnxModelBuilder();
        sequence.Graph
            .Input("many", OnnxType.Sequence(OnnxType.Tensor(DataType.Float32, 2)))
            .Node("SequenceLength", ["many"], ["count"])
            .Output("count", DataType.Int64);
        Assert.Contains("'many' is a sequence", rig.RefusalOf(sequence), StringComparison.Ordinal);

        var map = new OnnxModelBuilder().Import(OnnxModels.MachineLearning, 1);
        map.Graph
            .Input("words", OnnxType.Map(DataType.Bytes, OnnxType.Tensor(DataType.Float32)))
            .Node("DictVectorizer", ["words"], ["y"], [OnnxAttributeValue.Strings("string_vocabulary", "a")], OnnxModels.MachineLearning)
            .Output("y", DataType.Float32, 1, 1);
        Assert.Contains("'words' is a map", rig.RefusalOf(map), StringComparison.Ordinal);

        var optional = new OnnxModelBuilder();
        optional.Graph
            .Input("maybe", OnnxType.Optional(OnnxType.Tensor(DataType.Float32, 1)))
            .Node("OptionalHasElement", ["maybe"], ["has"])
            .Output("has", DataType.Bool);
        Assert.Contains("'maybe' is an optional value", rig.RefusalOf(optional), StringComparison.Ordinal);
    }

    [Fact]
    public void More_dimensions_than_a_tensor_has_are_refused_with_their_number()
    {
        using var rig = new OnnxRig();
        using var most = rig.Load(OnnxModels.Identity(DataType.Float32, 1, 1, 1, 1, 1, 1, 1, 1));
        Assert.Equal(8, most.Signature.Inputs[0].Shape.Rank);
        var refusal = rig.RefusalOf(OnnxModels.Identity(DataType.Float32, 1, 1, 1, 1, 1, 1, 1, 1, 1));
        Assert.Contains("'x' has 9 dimensions", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_declaration_may_fix_a_dimension_and_leave_out_what_is_optional()
    {
        using var rig = new OnnxRig();
        var builder = WithDefault();
        builder.Graph.Node("Abs", ["x"], ["size"]).Output("size", DataType.Float32, "n");
        var declared = new ModelSignature(
            [new TensorSpec("x", DataType.Float32, new TensorShape(2))],
            [new TensorSpec("y", DataType.Float32, new TensorShape(-1))]);
        using var model = rig.Load(builder, declared);
        Assert.Equal("x:FP32[2]", Assert.Single(model.Signature.Inputs).ToString());
        Assert.Equal("y:FP32[-1]", Assert.Single(model.Signature.Outputs).ToString());
        using var slot = rig.Slot(model);
        slot.Floats("x", [2], 1, 2).Succeed();
        Assert.Equal([11f, 12f], slot.Output<float>("y"));
    }

    [Fact]
    public void A_declaration_may_require_an_optional_input()
    {
        using var rig = new OnnxRig();
        var declared = new ModelSignature(
            [
                new TensorSpec("bias", DataType.Float32, new TensorShape(1)),
                new TensorSpec("x", DataType.Float32, new TensorShape(-1), isOptional: true),
            ],
            [new TensorSpec("y", DataType.Float32, new TensorShape(-1))]);
        using var model = rig.Load(WithDefault(), declared);
        Assert.Equal(["x", "bias"], model.Signature.Inputs.Select(input => input.Name));
        Assert.Equal(2, model.Signature.RequiredInputCount);
    }

    [Fact]
    public void A_declaration_that_differs_is_refused_with_every_fault_and_both_sides()
    {
        using var rig = new OnnxRig();
        var declared = new ModelSignature(
            [
                new TensorSpec("a", DataType.Int32, new TensorShape(-1, 4)),
                new TensorSpec("c", DataType.Float32, new TensorShape(-1, 4)),
            ],
            [
                new TensorSpec("sum", DataType.Float32, new TensorShape(-1, 5)),
                new TensorSpec("other", DataType.Float32, new TensorShape(-1)),
            ]);
        var refusal = rig.RefusalOf(OnnxModels.Add(), declared);
        Assert.Contains("input 'a' is FP32 in the model and INT32 in the configuration", refusal, StringComparison.Ordinal);
        Assert.Contains("the model needs the input b:FP32[-1,4]", refusal, StringComparison.Ordinal);
        Assert.Contains("declares the input 'c'; the model has 'a', 'b'", refusal, StringComparison.Ordinal);
        Assert.Contains("output 'sum' has the shape [-1,4] in the model and [-1,5]", refusal, StringComparison.Ordinal);
        Assert.Contains("declares the output 'other'; the model has 'sum'", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new long[] { 4 }, false)]
    [InlineData(new long[] { -1, 4, 1 }, false)]
    [InlineData(new long[] { -1, -1 }, false)]
    [InlineData(new long[] { -1, 4 }, true)]
    [InlineData(new long[] { 8, 4 }, true)]
    public void A_declared_shape_must_hold_the_models_fixed_dimensions(long[] declaredShape, bool fits)
    {
        using var rig = new OnnxRig();
        var declared = new ModelSignature(
            [new TensorSpec("x", DataType.Float32, new TensorShape(declaredShape))],
            [new TensorSpec("y", DataType.Float32, new TensorShape(-1, 4))]);
        var builder = OnnxModels.Identity(DataType.Float32, "n", 4);
        if (fits)
        {
            using var model = rig.Load(builder, declared);
            Assert.Equal(new TensorShape(declaredShape), model.Signature.Inputs[0].Shape);
        }
        else
        {
            Assert.Contains(new TensorShape(declaredShape).ToString(), rig.RefusalOf(builder, declared), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Keys_of_a_map_can_be_declared_or_left_out()
    {
        using var rig = new OnnxRig();
        var input = new TensorSpec("x", DataType.Float32, new TensorShape(-1, 2));
        var keys = new TensorSpec("probabilities.keys", DataType.Int64, new TensorShape(-1, 2));
        using var model = rig.Load(OnnxModels.ZipMap(1, 2), new ModelSignature([input], [keys]));
        using var slot = rig.Slot(model);
        slot.Floats("x", [1, 2], 0.25f, 0.75f).Succeed();
        Assert.Equal([1L, 2L], slot.Output<long>("probabilities.keys"));
    }

    [Fact]
    public void What_the_file_says_of_itself_can_be_read()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.Add().Metadata("task", "demo").Metadata("zażółć", ""));
        Assert.Equal("bedplate-testkit", model.Metadata.Producer);
        Assert.Equal("graph", model.Metadata.GraphName);
        Assert.Equal("A model of the test kit.", model.Metadata.Description);
        Assert.Equal(3, model.Metadata.ModelVersion);
        Assert.Equal(17, model.Metadata.OpsetVersion);
        Assert.Equal([new("task", "demo"), new("zażółć", "")], model.Metadata.Custom);
    }

    /// <summary>x[n] + bias[1] → y[n], where bias is 10 unless a request brings another.</summary>
    private static OnnxModelBuilder WithDefault()
    {
        var model = new OnnxModelBuilder();
        model.Graph
            .Input("x", DataType.Float32, "n")
            .Input("bias", DataType.Float32, 1)
            .Initializer("bias", OnnxTensor.Floats([1], 10))
            .Node("Add", ["x", "bias"], ["y"])
            .Output("y", DataType.Float32, "n");
        return model;
    }
}
