using System.Diagnostics;
using Bedplate.Bench.Load.Generators;
using Bedplate.Bench.Load.Measurement;
using Bedplate.Bench.Load.Models;
using Bedplate.Bench.Load.Results;
using Bedplate.Bench.Load.Servers;

namespace Bedplate.Bench.Load.Experiments;

/// <summary>A long time at 70 % of what the machine can do: what is held must not grow.</summary>
internal sealed class Soak : IExperiment
{
    // Of the capacity of each model alone; together 70 %.
    private const double HttpShare = 0.5;
    private const double GrpcShare = 0.2;
    private const int Concurrency = 8;
    private const double MostGrowth = 1.05;
    private const double MostMoreCollections = 1.2;

    // Left out of the trend: caches fill and code is compiled in it.
    private const double WarmUpShare = 0.25;

    public string Name => "soak";

    public string Summary => "Resident memory, handles, threads and collections at 70 % load, over --minutes.";

    public async Task RunAsync(Workbench bench, CancellationToken cancellationToken)
    {
        var overHttp = bench.Models.FourteenMilliseconds;
        var overGrpc = DemoModels.Voice;
        var duration = bench.Options.SoakDuration;
        await using var server = await BedplateServer.StartAsync(new RepositoryFolder(bench).Add(overHttp, overGrpc), [], cancellationToken);
        var httpLoad = await OpenLoopAsync(server.Http, overHttp, HttpShare);
        var grpcLoad = await OpenLoopAsync(server.Grpc, overGrpc, GrpcShare);
        bench.Report.Progress($"{duration.TotalMinutes:0.#} minutes");
        var loading = Task.WhenAll(httpLoad.RunAsync(bench, cancellationToken), grpcLoad.RunAsync(bench, cancellationToken));
        var readings = await ReadAsync(server, loading, duration / 120, cancellationToken);
        var results = await loading;
        Judge(bench, [.. readings.Where(each => each.Seconds >= WarmUpShare * duration.TotalSeconds)]);
        bench.Report.Judge("requests that were refused or failed", results.Sum(result => result.Failed), "requests", Target.AtMost(0));
        AddCourse(bench, readings);
        var table = bench.Report.Table(
            $"Load over {duration.TotalMinutes:0.#} minutes", "model", "offered/s", "answers/s", "p50 ms", "p99 ms", "refused or failed");
        foreach (var (load, protocol, result) in new[] { (httpLoad, "HTTP", results[0]), (grpcLoad, "gRPC", results[1]) })
        {
            table.Add($"{load.Model.Name}, {protocol}", load.Rate, result.PerSecond, result.P50, result.P99, result.Failed);
            if (result.Failed > 0)
            {
                bench.Report.Note($"{load.Model.Name}: {result.Failures}");
            }
        }

        async Task<BedplateBench> OpenLoopAsync(Uri url, BenchModel model, double share)
        {
            bench.Report.Progress($"capacity of {model.Name}, in a closed loop");
            var closed = new BedplateBench { Url = url, Model = model, Concurrency = Concurrency, Duration = bench.Options.PickSeconds(quick: 3, full: 20) };
            var capacity = (await closed.RunAsync(bench, cancellationToken)).RequireSuccess(model.Name).PerSecond;
            return closed with { Rate = share * capacity, Duration = duration };
        }
    }

    private static async Task<List<Reading>> ReadAsync(BedplateServer server, Task loading, TimeSpan interval, CancellationToken cancellationToken)
    {
        var readings = new List<Reading>();
        var clock = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(interval);
        while (!loading.IsCompleted)
        {
            var metrics = await server.ReadMetricsAsync(cancellationToken);
            readings.Add(new Reading(clock.Elapsed.TotalSeconds, server.Process.Sample(), metrics.AllCollections, metrics.AllocatedBytes));
            await timer.WaitForNextTickAsync(cancellationToken);
        }

        return readings;
    }

    private static void Judge(Workbench bench, IReadOnlyList<Reading> steady)
    {
        JudgeTrend("resident memory", each => each.Process.ResidentBytes);
        JudgeTrend("handles", each => each.Process.Handles);
        JudgeTrend("threads", each => each.Process.Threads);
        var middle = steady[steady.Count / 2];

        // One collection more or less is chance, which matters where there are next to none.
        var earlier = 1 + middle.Collections - steady[0].Collections;
        var later = 1 + steady[^1].Collections - middle.Collections;
        bench.Report.Judge("collections in the second half over those in the first", later / earlier, "×", Target.AtMost(MostMoreCollections));

        void JudgeTrend(string what, Func<Reading, double> figure) => bench.Report.Judge(
            $"{what}: end of the trend over its beginning",
            new Trend([.. steady.Select(each => (each.Seconds, figure(each)))]).Growth,
            "×",
            Target.AtMost(MostGrowth));
    }

    private static void AddCourse(Workbench bench, List<Reading> readings)
    {
        const int Rows = 10;
        var table = bench.Report.Table("Course", "after, s", "MiB resident", "handles", "threads", "collections", "MiB allocated");
        foreach (var part in readings.Chunk(Math.Max(1, readings.Count / Rows)))
        {
            var last = part[^1];
            table.Add(
                last.Seconds, last.Process.ResidentBytes / 1048576.0, last.Process.Handles, last.Process.Threads,
                last.Collections, last.AllocatedBytes / 1048576);
        }
    }

    private sealed record Reading(double Seconds, ProcessSample Process, double Collections, double AllocatedBytes);
}
