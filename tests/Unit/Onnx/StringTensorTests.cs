using Bedplate.Inference.Backends;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Tests.Unit.Onnx;

public class StringTensorTests
{
    public static TheoryData<string[]> Contents { get; } = new()
    {
        new[] { "plain" },
        new[] { "" },
        new[] { "", "", "" },
        new[] { "zero\0within", "\0", "after" },
        new[] { "żółć 漢字 🙂", "", "ascii" },
        new[] { new string('x', 70_000), "", "y" },
    };

    [Theory]
    [MemberData(nameof(Contents))]
    public void Strings_go_through_unchanged(string[] values)
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.Identity(DataType.Bytes, "n"));
        using var slot = rig.Slot(model);
        slot.Strings("x", [values.Length], values).Succeed();
        Assert.Equal(DataType.Bytes, slot.Tensor("y").Type);
        Assert.Equal(new TensorShape(values.Length), slot.Tensor("y").Shape);
        Assert.Equal(values, slot.Strings("y"));
    }

    [Fact]
    public void Bytes_that_are_not_text_go_through_unchanged()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.Identity(DataType.Bytes, "n"));
        byte[] element = [3, 0, 0, 0, 0xFF, 0xC0, 0x80];
        using var slot = rig.Slot(model);
        slot.Input("x", DataType.Bytes, [1], element).Succeed();
        Assert.Equal(element, slot.Tensor("y").Bytes.ToArray());
    }

    [Fact]
    public void There_may_be_no_strings_and_a_string_may_stand_alone()
    {
        using var rig = new OnnxRig();
        using var none = rig.Load(OnnxModels.Identity(DataType.Bytes, "n"));
        using var noneSlot = rig.Slot(none);
        noneSlot.Strings("x", [0]).Succeed();
        Assert.Equal(0, noneSlot.Tensor("y").ByteLength);
        Assert.Equal(new TensorShape(0), noneSlot.Tensor("y").Shape);

        using var scalar = rig.Load(OnnxModels.Identity(DataType.Bytes));
        using var scalarSlot = rig.Slot(scalar);
        scalarSlot.Strings("x", [], "alone").Succeed();
        Assert.Equal(0, scalarSlot.Tensor("y").Shape.Rank);
        Assert.Equal(["alone"], scalarSlot.Strings("y"));
    }

    [Fact]
    public void Many_strings_of_many_lengths_keep_their_places()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.Identity(DataType.Bytes, "n", 50));
        var random = new Random(11);
        var values = Enumerable.Range(0, 5000)
            .Select(i => new string((char)('a' + i % 26), random.Next(4) == 0 ? 0 : random.Next(40)))
            .ToArray();
        using var slot = rig.Slot(model);
        slot.Strings("x", [100, 50], values).Succeed();
        Assert.Equal(values, slot.Strings("y"));
    }

    [Theory]
    [InlineData(new byte[] { 1, 0, 0 }, "cut within a length")]
    [InlineData(new byte[] { 5, 0, 0, 0, 65 }, "cut within an element")]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 65 }, "a length beyond everything")]
    [InlineData(new byte[] { 1, 0, 0, 0, 65 }, "one element too few")]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, "one element too many")]
    public void Bytes_that_are_not_the_shapes_strings_are_the_callers_fault(byte[] bytes, string why)
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.Identity(DataType.Bytes, "n"));
        using var slot = rig.Slot(model);
        var outcome = slot.Input("x", DataType.Bytes, [2], bytes).Run();
        Assert.True(outcome.Status == BackendStatus.InvalidInput, why);
        Assert.Contains("'x'", outcome.Message, StringComparison.Ordinal);
        Assert.Contains("[2]", outcome.Message, StringComparison.Ordinal);
        Assert.False(slot.Execution.Outputs[0].IsPresent);

        slot.Strings("x", [2], "a", "b").Succeed();
        Assert.Equal(["a", "b"], slot.Strings("y"));
    }

    [Fact]
    public void Strings_are_computed_with()
    {
        using var rig = new OnnxRig();
        var builder = new OnnxModelBuilder(opset: 20, irVersion: 9);
        builder.Graph
            .Input("a", DataType.Bytes, "n")
            .Input("b", DataType.Bytes, "n")
            .Node("StringConcat", ["a", "b"], ["joined"])
            .Output("joined", DataType.Bytes, "n");
        using var model = rig.Load(builder);
        using var slot = rig.Slot(model);
        slot.Strings("a", [2], "bed", "").Strings("b", [2], "plate", "x").Succeed();
        Assert.Equal(["bedplate", "x"], slot.Strings("joined"));
    }
}
