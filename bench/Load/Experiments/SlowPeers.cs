using System.Diagnostics;
using Bedplate.Bench.Load.Generators;
using Bedplate.Bench.Load.Measurement;
using Bedplate.Bench.Load.Models;
using Bedplate.Bench.Load.Results;
using Bedplate.Bench.Load.Servers;

namespace Bedplate.Bench.Load.Experiments;

/// <summary>Clients that take minutes to send 16 MiB or to read them: what they tie up is bounded, and others are answered.</summary>
internal sealed class SlowPeers : IExperiment
{
    private const int Peers = 100;
    private const int Bytes = sizeof(float) * GeneratedModels.LargeElements;
    private const double NeighbourPerSecond = 200;

    // Defaults of the engine: bytes in flight as a share of the memory, and bytes kept for reuse.
    private const int DefaultLimitShare = 4;
    private const long TensorCacheBytes = 64 << 20;

    private const long TightLimitBytes = 512 << 20;

    // Hardly any: nothing is left to do.
    private const double MostIdleProcessors = 0.1;
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    // What a server may keep of a burst after a while of quiet, and how long the while may be.
    private const long MostKeptBytes = 64 << 20;
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(30);

    public string Name => "slow-peers";

    public string Summary => $"{Peers} slow readers of answers of 16 MiB, and {Peers} slow senders of requests of 16 MiB: memory, and the neighbours.";

    public async Task RunAsync(Workbench bench, CancellationToken cancellationToken)
    {
        var table = bench.Report.Table(
            $"{Peers} peers, and a tiny model at {NeighbourPerSecond:0} requests per second",
            "peers", "in-flight limit MiB", "their answers", "MiB more resident", "bound MiB", "neighbour p99 ms", "neighbour not answered", "health longest ms", "processors afterwards",
            "MiB more when quiet");
        await MeasureAsync("readers", bench.Models.LargeOutput, [], null);
        await MeasureAsync("senders", bench.Models.LargeInput, [], null);
        await MeasureAsync("readers", bench.Models.LargeOutput, ["--engine-in-flight-limit", $"{TightLimitBytes}"], TightLimitBytes);
        await MeasureAsync("senders", bench.Models.LargeInput, ["--engine-in-flight-limit", $"{TightLimitBytes}"], TightLimitBytes);

        async Task MeasureAsync(string what, BenchModel large, IReadOnlyList<string> flags, long? setLimit)
        {
            var setting = setLimit is null ? "default limit" : "tight limit";
            bench.Report.Progress($"{what}, {setting}");
            var tiny = bench.Models.Score;
            await using var server = await BedplateServer.StartAsync(new RepositoryFolder(bench).Add(large, tiny), flags, cancellationToken);
            var limit = setLimit ?? (await server.ReadMetricsAsync(cancellationToken)).MemoryBytes / DefaultLimitShare;
            var before = server.Process.Sample().ResidentBytes;
            var probe = HealthProbe.Start(server);
            BenchResult neighbour;
            string outcomes;
            await using var watch = new ProcessWatch(server.Process, TimeSpan.FromMilliseconds(100));
            await using (var peers = new SlowClients(server.Http, large, Peers, sendSlowly: what == "senders"))
            using (probe)
            {
                neighbour = await new BedplateBench
                {
                    Url = server.Http,
                    Model = tiny,
                    Rate = NeighbourPerSecond,
                    Duration = bench.Options.PickSeconds(quick: 5, full: 60),
                }.RunAsync(bench, cancellationToken);
                outcomes = peers.Outcomes;
            }

            var idle = await ProcessorsUsedAsync(server.Process, cancellationToken);

            var kept = await KeptBytesAsync(server.Process, before, cancellationToken);

            // Outputs are known once they are there: each execution that was let in before the limit may pass it once.
            var bound = limit + TensorCacheBytes + (double)Bytes * Environment.ProcessorCount;
            var growth = watch.MaxResidentBytes - before;
            table.Add(
                what, MiB(limit), outcomes, MiB(growth), MiB(bound), neighbour.P99, neighbour.Failed, probe.Latencies.Max, idle,
                MiB(kept));
            bench.Report.Judge($"{what}, {setting}: resident memory over its bound", growth / bound, "×", Target.AtMost(1));
            bench.Report.Judge($"{what}, {setting}: neighbours not answered", neighbour.Failed + probe.Failed, "requests", Target.AtMost(0));
            bench.Report.Judge($"{what}, {setting}: processors used once they have hung up", idle, "processors", Target.AtMost(MostIdleProcessors));
            bench.Report.Judge($"{what}, {setting}: memory kept after at most {Quiet.TotalSeconds:0} s of quiet", MiB(kept), "MiB", Target.AtMost(MiB(MostKeptBytes)));
            if (neighbour.Failed > 0)
            {
                bench.Report.Note($"{what}, {setting}: {neighbour.Failures}");
            }
        }
    }

    // Peers that hang up in the middle must leave no work behind.
    private static async Task<double> ProcessorsUsedAsync(ServerProcess process, CancellationToken cancellationToken)
    {
        await Task.Delay(Settling, cancellationToken);
        var before = process.Sample().CpuSeconds;
        await Task.Delay(2 * Settling, cancellationToken);
        return (process.Sample().CpuSeconds - before) / (2 * Settling.TotalSeconds);
    }

    // Ends as soon as it is little: what has been given back stays given back.
    private static async Task<long> KeptBytesAsync(ServerProcess process, long before, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        long kept;
        while ((kept = process.Sample().ResidentBytes - before) > MostKeptBytes && clock.Elapsed < Quiet)
        {
            await Task.Delay(Settling, cancellationToken);
        }

        return kept;
    }

    private static double MiB(double bytes) => bytes / 1048576;
}
