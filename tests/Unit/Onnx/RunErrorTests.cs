using Bedplate.Inference.Backends;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Tests.Unit.Onnx;

public class RunErrorTests
{
    [Fact]
    public void A_wrong_type_is_the_callers_fault()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.Identity(DataType.Float32, "n"));
        using var slot = rig.Slot(model);
        Refused(slot.Input("x", DataType.Int64, [1], 1L), BackendStatus.InvalidInput, "x");
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(4, 1)]
    public void A_wrong_dimension_is_the_callers_fault(long rows, long columns)
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.Identity(DataType.Float32, "n", 4));
        using var slot = rig.Slot(model);
        Refused(slot.Floats("x", [rows, columns], new float[rows * columns]), BackendStatus.InvalidInput, "x");
    }

    [Fact]
    public void A_wrong_number_of_dimensions_is_the_callers_fault()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.Identity(DataType.Float32, "n", 4));
        using var slot = rig.Slot(model);
        Refused(slot.Floats("x", [4], 1, 2, 3, 4), BackendStatus.InvalidInput, "x");
    }

    [Fact]
    public void Fewer_bytes_than_the_shape_needs_are_the_callers_fault()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.Identity(DataType.Float32, "n", 4));
        using var slot = rig.Slot(model);
        Refused(slot.Floats("x", [1, 4], 1, 2, 3), BackendStatus.InvalidInput, "'x'");
    }

    [Fact]
    public void A_missing_input_is_the_callers_fault()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.Add());
        using var slot = rig.Slot(model);
        Refused(slot.Floats("a", [1, 4], 1, 2, 3, 4), BackendStatus.InvalidInput, "b");
    }

    [Fact]
    public void Values_an_operator_refuses_are_the_callers_fault()
    {
        using var rig = new OnnxRig();
        var builder = new OnnxModelBuilder();
        builder.Graph
            .Input("at", DataType.Int64, "n")
            .Initializer("table", OnnxTensor.Floats([3], 1, 2, 3))
            .Node("Gather", ["table", "at"], ["y"])
            .Output("y", DataType.Float32, "n");
        using var model = rig.Load(builder);
        using var slot = rig.Slot(model);
        Refused(slot.Input("at", DataType.Int64, [1], 99L), BackendStatus.InvalidInput, "99");
        slot.Input("at", DataType.Int64, [1], 2L).Succeed();
        Assert.Equal([3f], slot.Output<float>("y"));
    }

    [Fact]
    public void What_fails_within_the_graph_is_the_backends_failure()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.IntegerDivision());
        using var slot = rig.Slot(model);
        slot.Input("a", DataType.Int64, [1], 7L);
        Refused(slot.Input("b", DataType.Int64, [1], 0L), BackendStatus.Failed, "division by zero");
        slot.Input("b", DataType.Int64, [1], 2L).Succeed();
        Assert.Equal([3L], slot.Output<long>("quotient"));
    }

    [Fact]
    public void A_size_no_machine_has_is_an_error_and_no_crash()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.ZerosOfShape());
        using var slot = rig.Slot(model);
        var outcome = slot.Input("shape", DataType.Int64, [2], 1L << 40, 1L << 19).Run();
        Assert.Equal(BackendStatus.Failed, outcome.Status);
        outcome = slot.Input("shape", DataType.Int64, [2], long.MaxValue, long.MaxValue).Run();
        Assert.False(outcome.IsSuccess);
        slot.Input("shape", DataType.Int64, [2], 2L, 3L).Succeed();
        Assert.Equal(new float[6], slot.Output<float>("zeros"));
    }

    [Fact]
    public void An_output_with_too_many_dimensions_is_refused_with_their_number()
    {
        using var rig = new OnnxRig();
        var builder = new OnnxModelBuilder();
        builder.Graph
            .Input("x", DataType.Float32, 1)
            .Input("shape", DataType.Int64, "rank")
            .Node("Reshape", ["x", "shape"], ["y"])
            .Output("y", OnnxType.UnrankedTensor(DataType.Float32));
        using var model = rig.Load(builder);
        using var slot = rig.Slot(model);
        slot.Floats("x", [1], 5);
        Refused(slot.Input<long>("shape", DataType.Int64, [9], 1, 1, 1, 1, 1, 1, 1, 1, 1), BackendStatus.Failed, "9 dimensions");
        slot.Input<long>("shape", DataType.Int64, [8], 1, 1, 1, 1, 1, 1, 1, 1).Succeed();
        Assert.Equal(8, slot.Tensor("y").Shape.Rank);
    }

    [Fact]
    public void Outputs_set_before_another_fails_are_given_back()
    {
        using var rig = new OnnxRig();
        var builder = new OnnxModelBuilder();
        builder.Graph
            .Input("x", DataType.Bytes, 2, "n")
            .Initializer("size", OnnxTensor.Longs([], 2))
            .Node("Identity", ["x"], ["same"])
            .Node("SplitToSequence", ["x", "size"], ["parts"], [OnnxAttributeValue.Int("axis", 1)])
            .Output("same", DataType.Bytes, 2, "n")
            .Output("parts", OnnxType.Sequence(OnnxType.Tensor(DataType.Bytes, 2, -1)));
        using var model = rig.Load(builder);
        using var slot = rig.Slot(model);
        Refused(slot.Strings("x", [2, 3], "a", "b", "c", "d", "e", "f"), BackendStatus.Failed, "'parts'");
    }

    [Fact]
    public void Times_of_the_computing_are_stamped_in_order()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.HeavyChain(nodes: 4, size: 128));
        using var slot = rig.Slot(model);
        var before = System.Diagnostics.Stopwatch.GetTimestamp();
        slot.Floats("x", [128, 128], new float[128 * 128]).Succeed();
        var after = System.Diagnostics.Stopwatch.GetTimestamp();
        Assert.True(before <= slot.Execution.ComputeStart);
        Assert.True(slot.Execution.ComputeStart < slot.Execution.ComputeEnd);
        Assert.True(slot.Execution.ComputeEnd <= after);

        Refused(slot.Floats("x", [128, 128], 1), BackendStatus.InvalidInput, "'x'");
        Assert.True(after <= slot.Execution.ComputeStart);
        Assert.True(slot.Execution.ComputeStart <= slot.Execution.ComputeEnd);
    }

    private static void Refused(SlotRun slot, BackendStatus status, string text)
    {
        var outcome = slot.Run();
        Assert.Equal(status, outcome.Status);
        Assert.Contains(text, outcome.Message, StringComparison.OrdinalIgnoreCase);
        Assert.All(slot.Execution.Outputs, output => Assert.False(output.IsPresent));
    }
}
