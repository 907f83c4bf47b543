using Bedplate.Bench.Load.Generators;
using Bedplate.Bench.Load.Models;
using Bedplate.Bench.Load.Results;
using Bedplate.Bench.Load.Servers;

namespace Bedplate.Bench.Load.Experiments;

/// <summary>One processor and 512 MiB: the defaults follow, and the demo models are served within them.</summary>
internal sealed class SmallContainer : IExperiment
{
    private const long MemoryBytes = 512 << 20;
    private const int Concurrency = 8;
    private const string ComputeThreads = "compute";

    // One permit, and one for short runs.
    private const int ThreadsOfOneProcessor = 2;

    public string Name => "small-container";

    public string Summary => "Threads and memory of a server in one processor and 512 MiB, default settings, demo models under full load.";

    public async Task RunAsync(Workbench bench, CancellationToken cancellationToken)
    {
        using var container = new Container(MemoryBytes);
        var models = new[] { bench.Models.Score, DemoModels.Voice, DemoModels.Orientation, DemoModels.Recognition };
        await using var server = await BedplateServer.StartAsync(
            command => container.Start(Checkout.Bedplate, command), new RepositoryFolder(bench).Add(models), [], cancellationToken);
        var seen = (await server.ReadMetricsAsync(cancellationToken)).MemoryBytes;
        var table = bench.Report.Table($"{Concurrency} requests in flight, one model after the other", "model", "answers/s", "p99 ms", "not answered", "processors used");
        var failed = 0.0;
        ProcessWatch watch;
        await using (watch = new ProcessWatch(server.Process, TimeSpan.FromMilliseconds(100)))
        {
            foreach (var model in models)
            {
                bench.Report.Progress(model.Name);
                var before = server.Process.Sample().CpuSeconds;
                var start = System.Diagnostics.Stopwatch.GetTimestamp();
                var load = new BedplateBench { Url = server.Http, Model = model, Concurrency = Concurrency, Duration = bench.Options.PickSeconds(quick: 3, full: 20) };
                var result = await load.RunAsync(bench, cancellationToken);
                var seconds = System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds;
                table.Add(model.Name, result.PerSecond, result.P99, result.Failed, (server.Process.Sample().CpuSeconds - before) / seconds);
                failed += result.Failed;
            }
        }

        var threads = ProcessSample.CountThreads(server.Process.Id);
        bench.Report.Judge("memory that the server takes itself to have", seen / MemoryBytes, "× 512 MiB", Target.AtMost(1));
        bench.Report.Judge("threads that compute", threads.GetValueOrDefault(ComputeThreads), "threads", Target.AtMost(ThreadsOfOneProcessor));
        bench.Report.Judge("resident memory, most", watch.MaxResidentBytes / 1048576.0, "MiB", Target.AtMost(MemoryBytes >> 20));
        bench.Report.Judge("requests not answered", failed, "requests", Target.AtMost(0));
        bench.Report.Note($"The limits are set by {container.Means}. Threads in all: {threads.Values.Sum()}, most {watch.MaxThreads}.");
    }
}
