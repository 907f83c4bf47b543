using System.Globalization;
using Bedplate.Inference.Onnx;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Tests.Unit.Onnx;

/// <summary>Alone in the process while it runs, as it looks at the process's memory.</summary>
[CollectionDefinition(nameof(UnloadTests), DisableParallelization = true)]
public sealed class UnloadIsolation;

[Collection(nameof(UnloadTests))]
public class UnloadTests
{
    [Fact]
    public void Models_that_come_and_go_leave_the_processs_memory_as_it_was()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Skip("Reads /proc/self/status.");
        }

        // 16 MB of weights and 4 MB of intermediate results: a model left behind shows at once. A plain pool, as the
        // diagnostic one keeps what is returned.
        const int cycles = 20;
        var memory = new AlignedMemoryPool(limitBytes: 1 << 30, cacheLimitBytes: 0);
        var backend = new OnnxBackend(new OnnxRuntimeOptions(), memory);
        var bytes = OnnxModels.Mlp(seed: 9, 1024, 4096, 8).ToBytes();
        for (var i = 0; i < 3; i++)
        {
            Cycle(backend, memory, bytes);
        }

        var before = AnonymousBytes();
        for (var i = 0; i < cycles; i++)
        {
            Cycle(backend, memory, bytes);
        }

        // A quarter of what one model takes: the heap's odd pages and the collector's, but no model and no tenth of
        // one per cycle.
        Assert.InRange(AnonymousBytes() - before, long.MinValue, 8 * 1024 * 1024);
    }

    private static void Cycle(OnnxBackend backend, AlignedMemoryPool memory, byte[] bytes)
    {
        using var model = backend.Load(OnnxRig.Source(), bytes, TestContext.Current.CancellationToken);
        using var slot = new SlotRun(model, memory);
        slot.Floats("x", [256, 1024], new float[256 * 1024]).Succeed();
        Assert.True(model.MemoryBytes >= 16 << 20);
    }

    private static long AnonymousBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        var line = File.ReadLines("/proc/self/status").First(entry => entry.StartsWith("RssAnon:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
