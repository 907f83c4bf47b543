using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Tests.Unit.Onnx;

public class OutputOwnershipTests
{
    [Fact]
    public void Outputs_lie_in_the_runtimes_own_memory_and_not_in_the_pool()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.Add());
        using var slot = rig.Slot(model);
        slot.Floats("a", [1, 4], 1, 2, 3, 4).Floats("b", [1, 4], 1, 1, 1, 1);
        var rented = rig.Memory.Rentals;
        slot.Succeed();
        Assert.Equal(rented, rig.Memory.Rentals);
        Assert.Equal(1, slot.Tensor("sum").Buffer!.References);
        Assert.Equal(MemoryKind.Host, slot.Tensor("sum").Buffer!.Kind);
    }

    [Fact]
    public void An_output_outlives_later_runs_its_slot_and_its_model()
    {
        using var rig = new OnnxRig();
        var model = rig.Load(OnnxModels.Add());
        var slot = rig.Slot(model);
        slot.Floats("a", [1, 4], 1, 2, 3, 4).Floats("b", [1, 4], 1, 1, 1, 1).Succeed();
        var kept = slot.Tensor("sum");
        slot.Execution.Outputs[0] = default;
        slot.Floats("a", [1, 4], 9, 9, 9, 9).Succeed();
        slot.Dispose();
        model.Dispose();
        Assert.Equal(2f, BitConverter.ToSingle(kept.Bytes));
        kept.Release();
    }

    [Fact]
    public void A_constant_that_is_an_output_outlives_its_model()
    {
        using var rig = new OnnxRig();
        var builder = new OnnxModelBuilder();
        builder.Graph
            .Input("x", DataType.Float32, 1)
            .Initializer("constant", OnnxTensor.Floats([4096], Enumerable.Repeat(7f, 4096).ToArray()))
            .Node("Identity", ["x"], ["y"])
            .Output("y", DataType.Float32, 1)
            .Output("constant", DataType.Float32, 4096);
        var model = rig.Load(builder);
        var slot = rig.Slot(model);
        slot.Floats("x", [1], 1).Succeed();
        var kept = slot.Tensor("constant");
        slot.Execution.Outputs[1] = default;
        slot.Dispose();
        model.Dispose();
        using var other = rig.Load(OnnxModels.Mlp(seed: 1, 64, 64, 64));
        Assert.Equal(7f, BitConverter.ToSingle(kept.Bytes[^4..]));
        kept.Release();
    }

    [Fact]
    public void An_input_that_is_an_output_keeps_its_buffer()
    {
        using var rig = new OnnxRig();
        var builder = new OnnxModelBuilder();
        builder.Graph
            .Input("x", DataType.Float32, "n")
            .Node("Neg", ["x"], ["y"])
            .Output("y", DataType.Float32, "n")
            .Output("x", DataType.Float32, "n");
        using var model = rig.Load(builder);
        var slot = rig.Slot(model);
        slot.Floats("x", [3], 1, 2, 3).Succeed();
        var kept = slot.Tensor("x");
        slot.Execution.Outputs[model.Signature.IndexOfOutput("x")] = default;
        slot.Dispose();

        // The request is over and its buffer given back, so the diagnostic pool would have overwritten it.
        Assert.Equal([1f, 2, 3], System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(kept.Bytes).ToArray());
        kept.Release();
    }

    [Fact]
    public void A_run_allocates_nothing_at_steady_state()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.Mlp(seed: 2, 5, 16, 1));
        using var slot = rig.Slot(model);
        slot.Floats("x", [1, 5], 1, 2, 3, 4, 5);
        Array.Fill(slot.Execution.OutputRequested, true);
        for (var i = 0; i < 100; i++)
        {
            RunOnce(slot, i);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            RunOnce(slot, i);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Only_the_outputs_asked_for_are_given()
    {
        using var rig = new OnnxRig();
        var builder = OnnxModels.Add();
        builder.Graph.Node("Neg", ["a"], ["minus"]).Output("minus", DataType.Float32, "n", 4);
        using var model = rig.Load(builder);
        using var slot = rig.Slot(model);
        slot.Floats("a", [1, 4], 1, 2, 3, 4).Floats("b", [1, 4], 0, 0, 0, 0).Succeed("minus");
        Assert.Equal([-1f, -2, -3, -4], slot.Output<float>("minus"));
        Assert.False(slot.Tensor("sum").IsPresent);
        slot.Succeed("sum");
        Assert.Equal([1f, 2, 3, 4], slot.Output<float>("sum"));
        Assert.False(slot.Tensor("minus").IsPresent);
    }

    [Fact]
    public void Memory_the_runtime_holds_is_told()
    {
        using var rig = new OnnxRig();
        var model = rig.Load(OnnxModels.Mlp(seed: 3, 256, 1024, 8));
        Assert.True(model.MemoryBytes >= 256 * 1024 * sizeof(float));
        using (var slot = rig.Slot(model))
        {
            slot.Floats("x", [1, 256], new float[256]).Succeed();
            var one = model.PeakActivationBytes;
            slot.Floats("x", [64, 256], new float[64 * 256]).Succeed();
            Assert.True(model.PeakActivationBytes >= one + 63 * 1024 * sizeof(float));
        }

        model.Dispose();
        Assert.Equal(0, model.PeakActivationBytes);
    }

    [Fact]
    public void A_disposed_model_makes_no_more_slots_and_runs_no_more()
    {
        using var rig = new OnnxRig();
        var model = rig.Load(OnnxModels.Add());
        using var slot = rig.Slot(model);
        model.Dispose();
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(model.CreateInstance);
        Assert.Throws<ObjectDisposedException>(() => slot.Run());
    }

    private static void RunOnce(SlotRun slot, long id)
    {
        slot.Execution.Id = id;
        if (!slot.Instance.Run(slot.Execution).IsSuccess)
        {
            throw new InvalidOperationException("The run failed.");
        }

        slot.Execution.ReleaseOutputs();
    }
}
