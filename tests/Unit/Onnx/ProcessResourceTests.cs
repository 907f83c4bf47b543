using System.Globalization;
using System.Runtime.InteropServices;
using Bedplate.Inference.Onnx;
using Bedplate.Inference.Scheduling;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Tests.Unit.Onnx;

/// <summary>Alone in the process while they run, as they look at the process's memory and threads.</summary>
[CollectionDefinition(nameof(ProcessResourceTests), DisableParallelization = true)]
public sealed class ProcessResourceIsolation;

[Collection(nameof(ProcessResourceTests))]
public class ProcessResourceTests
{
    private static readonly float[] Input = new float[256 * 1024];

    [Fact]
    public void Models_that_come_and_go_leave_the_processs_memory_as_it_was()
    {
        RequireLinux();

        // 16 MB of weights and 4 MB of intermediate results: a model left behind shows at once. A plain pool, as the
        // diagnostic one keeps what is returned.
        const int cycles = 10;
        var memory = new AlignedMemoryPool(limitBytes: 1 << 30, cacheLimitBytes: 0);
        var backend = new OnnxBackend(new OnnxRuntimeOptions());
        var bytes = OnnxModels.Mlp(seed: 9, 1024, 4096, 8).ToBytes();
        for (var i = 0; i < 3; i++)
        {
            Cycle(backend, memory, bytes);
        }

        var growth = LeastGrowth(AnonymousBytes, cycles, () => Cycle(backend, memory, bytes));

        // Half of what one model takes: the heap's odd pages, but no model and no tenth of one per cycle.
        Assert.InRange(growth, long.MinValue, 8 * 1024 * 1024);
    }

    [Fact]
    public void The_runtimes_own_threads_give_way_to_those_that_read_and_refuse()
    {
        RequireLinux();
        Assert.SkipWhen(Environment.ProcessorCount == 1, "On one processor the runtime has no threads of its own.");
        _ = new OnnxBackend(new OnnxRuntimeOptions());
        var niceness = new List<int>();
        foreach (var thread in Directory.GetDirectories("/proc/self/task"))
        {
            string stat;
            try
            {
                stat = File.ReadAllText($"{thread}/stat");
            }
            catch (IOException)
            {
                // One of the pool that has ended meanwhile.
                continue;
            }

            var afterName = stat.LastIndexOf(')');
            if (stat[..afterName].EndsWith("(onnx runtime", StringComparison.Ordinal))
            {
                // The nineteenth field; the name in brackets is the second.
                niceness.Add(int.Parse(stat[(afterName + 2)..].Split(' ')[16], CultureInfo.InvariantCulture));
            }
        }

        Assert.NotEmpty(niceness);
        Assert.All(niceness, nice => Assert.Equal(ThreadPriorities.ComputeNiceness, nice));
    }

    [Fact]
    public void A_models_small_blocks_go_back_to_the_system_with_it()
    {
        RequireLinux();
        Assert.SkipUnless(NativeLibrary.TryLoad("libc.so.6", out _), "Only glibc keeps them, and only it can be told not to.");

        // Thousands of nodes without weights: all of it is small blocks spread over the heap.
        var memory = new AlignedMemoryPool(limitBytes: 1 << 20, cacheLimitBytes: 0);
        var backend = new OnnxBackend(new OnnxRuntimeOptions());
        var bytes = OnnxModels.HeavyChain(nodes: 4000, size: 1).ToBytes();
        backend.Load(OnnxRig.Source(), bytes, memory, TestContext.Current.CancellationToken).Dispose();
        var held = 0L;
        var kept = LeastGrowth(AnonymousBytes, times: 1, () =>
        {
            var before = AnonymousBytes();
            using var model = backend.Load(OnnxRig.Source(), bytes, memory, TestContext.Current.CancellationToken);
            held = AnonymousBytes() - before;
        });
        Assert.True(held > 4 << 20, $"The model held {held} bytes; too few to see.");
        Assert.InRange(kept, long.MinValue, held / 2);
    }

    [Fact]
    public void What_runs_have_left_behind_goes_back_to_the_system_when_it_is_asked_for()
    {
        RequireLinux();
        const long answerBytes = 64 << 20;
        var memory = new AlignedMemoryPool(limitBytes: 1 << 20, cacheLimitBytes: 0);
        using var model = new OnnxBackend(new OnnxRuntimeOptions())
            .Load(OnnxRig.Source(), OnnxModels.ZerosOfShape().ToBytes(), memory, TestContext.Current.CancellationToken);
        using var slot = new SlotRun(model, memory);
        slot.Input("shape", DataType.Int64, [2], 4096L, 4096L);
        slot.Succeed();
        Assert.InRange(model.SpareBytes, 0, answerBytes);
        slot.Execution.ReleaseOutputs();
        Assert.InRange(model.SpareBytes, answerBytes, long.MaxValue);
        var held = AnonymousBytes();

        model.GiveBackSpare();

        // All of it, give or take what .NET does meanwhile.
        Assert.InRange(model.SpareBytes, 0, 1 << 20);
        Assert.InRange(held - AnonymousBytes(), answerBytes / 2, long.MaxValue);
        Assert.Equal(4096 * 4096, slot.Succeed().Output<float>("zeros").Length);
    }

    [Fact]
    public void Models_share_one_pool_of_threads()
    {
        RequireLinux();
        using var rig = new OnnxRig();
        var bytes = OnnxModels.Mlp(seed: 9, 64, 64).ToBytes();
        var models = new List<OnnxModel> { rig.Backend.Load(OnnxRig.Source(), bytes, rig.Memory, TestContext.Current.CancellationToken) };
        var before = ThreadCount();
        for (var i = 0; i < 24; i++)
        {
            models.Add(rig.Backend.Load(OnnxRig.Source(), bytes, rig.Memory, TestContext.Current.CancellationToken));
        }

        // A pool per model would be 24 more threads or a multiple; the room is for the runtime of .NET.
        Assert.InRange(ThreadCount() - before, int.MinValue, 8);
        models.ForEach(model => model.Dispose());
    }

    public static TheoryData<string> Ways { get; } = ["numbers", "strings", "maps", "invalid", "failing", "sequence", "unlike"];

    [Theory]
    [MemberData(nameof(Ways))]
    public void Runs_leave_no_memory_behind_however_they_end(string way)
    {
        RequireLinux();
        Assert.SkipUnless(NativeLibrary.TryLoad("libc.so.6", out _), "Reads glibc's account of its heap.");
        const int runs = 20_000;
        var memory = new AlignedMemoryPool(limitBytes: 1 << 30, cacheLimitBytes: 1 << 20);
        var backend = new OnnxBackend(new OnnxRuntimeOptions());
        var builder = way switch
        {
            "numbers" => OnnxModels.Identity(DataType.Float32, "n"),
            "strings" => OnnxModels.Identity(DataType.Bytes, "n"),
            "maps" => OnnxModels.ZipMap("a", "b"),
            "invalid" => OnnxModels.Identity(DataType.Float32, "n", 4),
            "failing" => OnnxModels.IntegerDivision(),
            _ => OutputFormTests.Split(DataType.Float32),
        };
        using var model = backend.Load(OnnxRig.Source(), builder.ToBytes(), memory, TestContext.Current.CancellationToken);
        using var slot = new SlotRun(model, memory);
        var succeeds = way is "numbers" or "strings" or "maps" or "sequence";
        _ = way switch
        {
            "numbers" => slot.Floats("x", [4], 1, 2, 3, 4),
            "strings" => slot.Strings("x", [2], "a string too long for the small string optimization", "b"),
            "maps" => slot.Floats("x", [2, 2], 1, 2, 3, 4),
            "invalid" => slot.Floats("x", [1, 3], 1, 2, 3),
            "failing" => slot.Input("a", DataType.Int64, [1], 1L).Input("b", DataType.Int64, [1], 0L),
            "sequence" => slot.Floats("x", [2, 4], 1, 2, 3, 4, 5, 6, 7, 8),
            _ => slot.Floats("x", [2, 3], 1, 2, 3, 4, 5, 6),
        };
        for (var i = 0; i < runs / 10; i++)
        {
            Assert.Equal(succeeds, slot.Run().IsSuccess);
        }

        var growth = LeastGrowth(NativeHeapBytes, runs, () => Assert.Equal(succeeds, slot.Run().IsSuccess));

        // The least a run can leave is a value or a status, some fifty bytes and a text: a megabyte for all of them. The
        // room is for what the runtime of .NET allocates meanwhile.
        Assert.InRange(growth, long.MinValue, 512 * 1024);
    }

    private static void Cycle(OnnxBackend backend, AlignedMemoryPool memory, byte[] bytes)
    {
        using var model = backend.Load(OnnxRig.Source(), bytes, memory, TestContext.Current.CancellationToken);
        using var slot = new SlotRun(model, memory);
        slot.Floats("x", [256, 1024], Input).Succeed();
        Assert.True(model.MemoryBytes >= 16 << 20);
    }

    /// <summary>
    /// The least growth of three rounds: what a round leaves behind, every round leaves behind; what else happens in
    /// the process meanwhile (compiling, collecting) it does not.
    /// </summary>
    private static long LeastGrowth(Func<long> measure, int times, Action work)
    {
        var least = long.MaxValue;
        for (var round = 0; round < 3; round++)
        {
            var before = measure();
            for (var i = 0; i < times; i++)
            {
                work();
            }

            least = Math.Min(least, measure() - before);
        }

        return least;
    }

    private static void RequireLinux()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Skip("Reads /proc/self, which only Linux has.");
        }
    }

    private static int ThreadCount() => Directory.GetDirectories("/proc/self/task").Length;

    /// <summary>Bytes allocated and not freed on glibc's heap, which the collector's heap is not part of.</summary>
    private static long NativeHeapBytes()
    {
        var info = MallocInfo();
        return (long)(info.InUse + info.Mapped);
    }

    [DllImport("libc.so.6", EntryPoint = "mallinfo2")]
    private static extern MallInfo MallocInfo();

    /// <summary>struct mallinfo2 of malloc.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct MallInfo
    {
        private readonly nuint _arena;
        private readonly nuint _freeChunks;
        private readonly nuint _fastbinBlocks;
        private readonly nuint _mappedRegions;
        public readonly nuint Mapped;
        private readonly nuint _unused;
        private readonly nuint _freeInFastbins;
        public readonly nuint InUse;
        private readonly nuint _free;
        private readonly nuint _releasable;
    }

    private static long AnonymousBytes()
    {
        // Aggressive: gives the collector's free pages back, so that they do not count.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        var line = File.ReadLines("/proc/self/status").First(entry => entry.StartsWith("RssAnon:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
