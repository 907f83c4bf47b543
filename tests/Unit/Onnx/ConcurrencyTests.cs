using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Tests.Unit.Onnx;

public class ConcurrencyTests
{
    [Fact]
    public async Task Slots_of_one_model_run_side_by_side_each_with_its_own_result()
    {
        const int slots = 6;
        const int runs = 400;
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.Mlp(seed: 5, 16, 64, 8));
        using var reference = rig.Slot(model);
        using var together = new Barrier(slots);
        var workers = Enumerable.Range(0, slots).Select(worker => Task.Factory.StartNew(
            () =>
            {
                using var slot = rig.Slot(model);
                var input = new float[16 * (worker + 1)];
                Array.Fill(input, worker + 1);
                slot.Floats("x", [worker + 1, 16], input);
                together.SignalAndWait();
                var first = slot.Succeed().Output<float>("y");
                for (var run = 1; run < runs; run++)
                {
                    Assert.Equal(first, slot.Succeed().Output<float>("y"));
                }

                return first;
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)).ToArray();
        var results = await Task.WhenAll(workers);
        for (var worker = 0; worker < slots; worker++)
        {
            Assert.Equal(8 * (worker + 1), results[worker].Length);
            var row = new float[16];
            Array.Fill(row, worker + 1);
            var expected = reference.Floats("x", [1, 16], row).Succeed().Output<float>("y");

            // Rows of a batch may differ in the last bits from a row alone.
            Assert.All(results[worker], (value, i) => Assert.Equal(expected[i % 8], value, 1e-4f));
        }
    }

    [Fact]
    public async Task Models_are_loaded_and_unloaded_while_another_runs()
    {
        using var rig = new OnnxRig();
        using var model = rig.Load(OnnxModels.Mlp(seed: 6, 32, 32, 4));
        var over = false;
        var runner = Task.Factory.StartNew(
            () =>
            {
                using var slot = rig.Slot(model);
                slot.Floats("x", [1, 32], new float[32]);
                var first = slot.Succeed().Output<float>("y");
                var runs = 1;
                for (; !Volatile.Read(ref over); runs++)
                {
                    Assert.Equal(first, slot.Succeed().Output<float>("y"));
                }

                return runs;
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        for (var i = 0; i < 20; i++)
        {
            using var other = rig.Load(OnnxModels.Add());
            using var slot = rig.Slot(other);
            slot.Floats("a", [1, 4], 1, 2, 3, 4).Floats("b", [1, 4], 1, 1, 1, 1).Succeed();
            Assert.Equal([2f, 3, 4, 5], slot.Output<float>("sum"));
        }

        Volatile.Write(ref over, true);
        Assert.True(await runner > 20);
    }
}
