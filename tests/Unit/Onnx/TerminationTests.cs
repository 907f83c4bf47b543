using System.Diagnostics;
using Bedplate.Inference.Backends;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Tests.Unit.Onnx;

public class TerminationTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_loop_without_end_ends_when_terminated_and_the_slot_goes_on()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.EndlessLoop());
        using var slot = rig.Slot(model);
        for (var round = 1; round <= 3; round++)
        {
            slot.Floats("x", [2], 1, 2).Execution.Id = round;
            var run = Start(slot);
            slot.Instance.Terminate(round);
            Assert.Equal(BackendStatus.Terminated, (await run.WaitAsync(Patience, TestContext.Current.CancellationToken)).Status);
            Assert.False(slot.Execution.Outputs[0].IsPresent);
        }
    }

    [Fact]
    public async Task A_long_chain_stops_between_nodes_and_runs_whole_the_next_time()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.HeavyChain(nodes: 400, size: 256));
        using var slot = rig.Slot(model);
        slot.Floats("x", [256, 256], new float[256 * 256]).Execution.Id = 1;
        var run = Start(slot);
        await Begun(slot);
        slot.Instance.Terminate(1);
        Assert.Equal(BackendStatus.Terminated, (await run.WaitAsync(Patience, TestContext.Current.CancellationToken)).Status);

        slot.Execution.Id = 2;
        slot.Succeed();
        Assert.True(slot.Tensor("y").IsPresent);
    }

    [Fact]
    public void Terminating_a_run_that_is_over_does_nothing()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.Identity(DataType.Float32, "n"));
        using var slot = rig.Slot(model);
        slot.Execution.Id = 1;
        slot.Floats("x", [1], 1).Succeed();
        slot.Instance.Terminate(1);
        slot.Execution.Id = 2;
        slot.Succeed();
        Assert.Equal([1f], slot.Output<float>("y"));
    }

    [Fact]
    public void A_run_that_is_terminated_before_it_begins_does_not_begin_and_the_next_does()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.Identity(DataType.Float32, "n"));
        using var slot = rig.Slot(model);
        slot.Floats("x", [1], 1).Execution.Id = 7;
        slot.Instance.Terminate(7);
        Assert.Equal(BackendStatus.Terminated, slot.Run().Status);
        Assert.False(slot.Execution.Outputs[0].IsPresent);
        slot.Execution.Id = 8;
        slot.Succeed();
        slot.Execution.Id = 7;
        slot.Succeed();
    }

    [Fact]
    public async Task Another_slots_run_is_not_touched()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.EndlessLoop());
        using var first = rig.Slot(model);
        using var second = rig.Slot(model);
        first.Floats("x", [1], 1).Execution.Id = 1;
        second.Floats("x", [1], 1).Execution.Id = 2;
        var firstRun = Start(first);
        var secondRun = Start(second);
        await Begun(second);
        first.Instance.Terminate(1);
        Assert.Equal(BackendStatus.Terminated, (await firstRun.WaitAsync(Patience, TestContext.Current.CancellationToken)).Status);
        Assert.False(secondRun.IsCompleted);

        // Its id is not this run's.
        second.Instance.Terminate(1);
        second.Instance.Terminate(2);
        Assert.Equal(BackendStatus.Terminated, (await secondRun.WaitAsync(Patience, TestContext.Current.CancellationToken)).Status);
    }

    [Fact]
    public async Task A_termination_that_meets_the_end_of_a_run_spoils_neither_it_nor_the_next()
    {
        const int runs = 20_000;
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.Add());
        using var slot = rig.Slot(model);
        slot.Floats("a", [1, 4], 1, 2, 3, 4).Floats("b", [1, 4], 10, 20, 30, 40);
        var current = 0L;
        var over = false;
        var terminator = Task.Factory.StartNew(
            () =>
            {
                while (!Volatile.Read(ref over))
                {
                    // Odd runs only: no even one may end otherwise than with its result.
                    var id = Volatile.Read(ref current);
                    if ((id & 1) == 1)
                    {
                        slot.Instance.Terminate(id);
                    }
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        var terminated = 0;
        for (var id = 0L; id < runs; id++)
        {
            Volatile.Write(ref current, id);
            slot.Execution.Id = id;
            var outcome = slot.Run();
            if (outcome.Status == BackendStatus.Terminated)
            {
                Assert.Equal(1, id & 1);
                terminated++;
            }
            else
            {
                Assert.True(outcome.IsSuccess, outcome.Message);
                Assert.Equal(11f, slot.Output<float>("sum")[0]);
            }
        }

        Volatile.Write(ref over, true);
        await terminator;
        Assert.True(terminated > 0, "No termination met a run; the race was not tried.");
    }

    // The slot stamps the start of computing right before it calls the runtime.
    private static async Task Begun(SlotRun slot)
    {
        var began = Stopwatch.GetTimestamp();
        while (slot.Execution.ComputeStart == 0)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Patience, "The run did not begin.");
            await Task.Yield();
        }
    }

    private static Task<BackendOutcome> Start(SlotRun slot) => Task.Factory.StartNew(
        () => slot.Run(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
