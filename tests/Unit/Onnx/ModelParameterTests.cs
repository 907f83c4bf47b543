using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Tests.Unit.Onnx;

public class ModelParameterTests
{
    [Theory]
    [InlineData("intra_op_thread_count", "0")]
    [InlineData("intra_op_thread_count", "1")]
    [InlineData("inter_op_thread_count", "0")]
    [InlineData("inter_op_thread_count", "1")]
    [InlineData("execution_mode", "0")]
    [InlineData("level", "-1")]
    [InlineData("level", "0")]
    [InlineData("optimization.graph.level", "1")]
    [InlineData("optimization.graph.level", "2")]
    [InlineData("enable_mem_arena", "0")]
    [InlineData("enable_mem_arena", "true")]
    [InlineData("enable_mem_pattern", "false")]
    [InlineData("enable_mem_pattern", "1")]
    [InlineData("memory.enable_memory_arena_shrinkage", "cpu:0")]
    [InlineData("session.use_device_allocator_for_initializers", "1")]
    [InlineData("session.disable_prepacking", "1")]
    [InlineData("optimization.disable_specified_optimizers", "ConstantFolding")]
    public void A_model_runs_with_each_of_them(string name, string value)
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.Add(), parameters: new Dictionary<string, string> { [name] = value });
        using var slot = rig.Slot(model);
        slot.Floats("a", [1, 4], 1, 2, 3, 4).Floats("b", [1, 4], 10, 20, 30, 40).Succeed();
        Assert.Equal([11f, 22, 33, 44], slot.Output<float>("sum"));
    }

    [Theory]
    [InlineData("intra_op_thread_count", "4", "IntraOpThreads")]
    [InlineData("intra_op_thread_count", "many", "whole number")]
    [InlineData("inter_op_thread_count", "2", "InterOpThreads")]
    [InlineData("execution_mode", "1", "InterOpThreads")]
    [InlineData("execution_mode", "2", "0 (sequential) or 1 (parallel)")]
    [InlineData("level", "3", "-1 (basic)")]
    [InlineData("enable_mem_arena", "yes", "use 1 or 0")]
    [InlineData("memory.enable_memory_arena_shrinkage", "cpu", "cpu:0")]
    [InlineData("memory.enable_memory_arena_shrinkage", "gpu:0", "runs on the CPU")]
    [InlineData("memory.enable_memory_arena_shrinkage", "cpu:0;disk:1", "cpu:0")]
    [InlineData("session.intra_op.allow_spinning", "1", "AllowSpinning")]
    [InlineData("session.set_denormal_as_zero", "1", "every thread")]
    [InlineData("session.disable_prepacking", "", "1 to 1024 characters")]
    [InlineData("gpu_mem_limit", "1", "ExecutionProviders")]
    [InlineData("enable_memory_arena", "1", "enable_mem_arena")]
    [InlineData("session.no_such_thing", "1", "no such parameter")]
    public void What_cannot_be_followed_is_refused_by_name(string name, string value, string reason)
    {
        using var rig = new OnnxRig();
        var refusal = rig.RefusalOf(OnnxModels.Add(), parameters: new Dictionary<string, string> { [name] = value });
        Assert.Contains($"'{name}' = '{value}'", refusal, StringComparison.Ordinal);
        Assert.Contains(reason, refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void All_faults_are_told_at_once()
    {
        using var rig = new OnnxRig();
        var refusal = rig.RefusalOf(
            OnnxModels.Add(),
            parameters: new Dictionary<string, string> { ["level"] = "9", ["color"] = "red", ["enable_mem_pattern"] = "1" });
        Assert.Contains("'level' = '9'", refusal, StringComparison.Ordinal);
        Assert.Contains("'color' = 'red'", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void An_arena_that_is_off_cannot_shrink()
    {
        using var rig = new OnnxRig();
        var refusal = rig.RefusalOf(
            OnnxModels.Add(),
            parameters: new Dictionary<string, string>
            {
                ["memory.enable_memory_arena_shrinkage"] = "cpu:0",
                ["enable_mem_arena"] = "0",
            });
        Assert.Contains("none to shrink", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void The_arena_is_used_unless_it_is_turned_off()
    {
        using var rig = new OnnxRig();
        Assert.True(PeakOf(rig, "1") > 0);
        Assert.Equal(0, PeakOf(rig, "0"));
    }

    [Fact]
    public void The_optimization_level_reaches_the_runtime()
    {
        // Folding leaves nothing to compute; without it, the arena holds the intermediate result.
        using var rig = new OnnxRig();
        Assert.True(FoldedPeakOf(rig, "2") > FoldedPeakOf(rig, "0"));
    }

    private static long PeakOf(OnnxRig rig, string arena)
    {
        using var model = rig.Load(OnnxModels.Add(), parameters: new Dictionary<string, string> { ["enable_mem_arena"] = arena });
        using var slot = rig.Slot(model);
        slot.Floats("a", [1, 4], 1, 2, 3, 4).Floats("b", [1, 4], 10, 20, 30, 40).Succeed();
        return model.PeakActivationBytes;
    }

    private static long FoldedPeakOf(OnnxRig rig, string level)
    {
        var builder = new OnnxModelBuilder();
        builder.Graph
            .Input("x", DataType.Float32, 1)
            .Initializer("size", OnnxTensor.Longs([1], 100_000))
            .Node("ConstantOfShape", ["size"], ["zeros"])
            .Node("ReduceSum", ["zeros"], ["total"], [OnnxAttributeValue.Int("keepdims", 0)])
            .Node("Add", ["x", "total"], ["y"])
            .Output("y", DataType.Float32, 1);
        using var model = rig.Load(builder, parameters: new Dictionary<string, string> { ["level"] = level });
        using var slot = rig.Slot(model);
        slot.Floats("x", [1], 3).Succeed();
        Assert.Equal([3f], slot.Output<float>("y"));
        return model.PeakActivationBytes;
    }
}
