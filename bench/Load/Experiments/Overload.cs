using System.Diagnostics;
using Bedplate.Bench.Load.Generators;
using Bedplate.Bench.Load.Measurement;
using Bedplate.Bench.Load.Models;
using Bedplate.Bench.Load.Results;
using Bedplate.Bench.Load.Servers;

namespace Bedplate.Bench.Load.Experiments;

/// <summary>Three times what the machine can do, with deadlines, and default settings.</summary>
internal sealed class Overload : IExperiment
{
    private const int Concurrency = 8;
    private const double Factor = 3;
    private const double LeastGoodput = 0.9;
    private const double MostRefusalP99 = 5;
    private const double MostRefusal = 50;
    private const double MostExpiredPercent = 1;
    private const double MostMemoryGrowth = 1.05;
    private const double MostSecondsToRecover = 1;

    // A latency counts as normal again up to this much over the one before.
    private const double NormalFactor = 1.5;

    private static readonly TimeSpan Deadline = TimeSpan.FromMilliseconds(100);

    public string Name => "overload";

    public string Summary => "Open loop, Poisson, at three times the capacity of a 14 ms model with a deadline of 100 ms; default settings.";

    public async Task RunAsync(Workbench bench, CancellationToken cancellationToken)
    {
        var model = bench.Models.FourteenMilliseconds;
        var duration = bench.Options.PickSeconds(quick: 8, full: 60);
        await using var server = await BedplateServer.StartAsync(new RepositoryFolder(bench).Add(model), [], cancellationToken);
        bench.Report.Progress("capacity, in a closed loop");
        var closed = new BedplateBench { Url = server.Http, Model = model, Concurrency = Concurrency, Duration = bench.Options.PickSeconds(quick: 5, full: 20) };
        var capacity = (await closed.RunAsync(bench, cancellationToken)).RequireSuccess("capacity").PerSecond;
        var probe = new SingleRequests(server, model);
        var normal = (await probe.MeasureAsync(TimeSpan.FromSeconds(2), cancellationToken)).Median;

        bench.Report.Progress($"overload: {Factor * capacity:0} requests per second for {duration.TotalSeconds:0} s");
        BenchResult result;
        IReadOnlyList<(TimeSpan At, ProcessSample Sample)> memory;
        await using (var watch = new ProcessWatch(server.Process, TimeSpan.FromMilliseconds(250)))
        {
            result = await new BedplateBench { Url = server.Http, Model = model, Rate = Factor * capacity, Deadline = Deadline, Duration = duration }
                .RunAsync(bench, cancellationToken);
            memory = watch.Samples;
        }

        var recovered = await probe.SecondsUntilAsync(NormalFactor * normal, cancellationToken);
        var capacityAfter = (await closed.RunAsync(bench, cancellationToken)).RequireSuccess("capacity").PerSecond;
        var growth = MemoryGrowth(memory);
        var mean = (capacity + capacityAfter) / 2;
        bench.Report.Table($"{model.Name}, {Factor:0} × capacity, deadline {Deadline.TotalMilliseconds:0} ms", "", "")
            .Add("capacity before, answers/s", capacity)
            .Add("capacity after, answers/s", capacityAfter)
            .Add("offered, requests/s", Factor * capacity)
            .Add("answered, per second", result.PerSecond)
            .Add("answered within the deadline, per second", result.GoodPerSecond)
            .Add("latency of answers, p50 and p99, ms", $"{Table.Text(result.P50)} and {Table.Text(result.P99)}")
            .Add("refused, per second", result.Refused / result.Seconds)
            .Add("taken and expired, per second", result.Expired / result.Seconds)
            .Add("failed otherwise", result.Failed - result.Refused - result.Expired)
            .Add("latency of one request before, median ms", normal)
            .Add("largest resident memory, MiB", memory.Max(each => each.Sample.ResidentBytes) / 1048576.0);
        bench.Report.Judge("goodput over capacity", result.GoodPerSecond / mean, "×", Target.AtLeast(LeastGoodput));
        bench.Report.Judge("latency of refusals, p99", result.RefusedP99, "ms", Target.AtMost(MostRefusalP99));
        bench.Report.Judge("latency of refusals, longest", result.RefusedMax, "ms", Target.AtMost(MostRefusal));
        bench.Report.Judge("taken and expired, of all taken", Share(result.Expired, result.PerSecond * result.Seconds), "%", Target.AtMost(MostExpiredPercent));
        bench.Report.Judge("resident memory, last quarter over second quarter", growth, "×", Target.AtMost(MostMemoryGrowth));
        bench.Report.Judge("until one request takes its normal time again", recovered, "s", Target.AtMost(MostSecondsToRecover));
        if (result.Failures.Length > 0)
        {
            bench.Report.Note($"Not answered: {result.Failures}");
        }
    }

    private static double Share(double part, double rest) => 100 * part / (part + rest);

    // The first quarter is left out: memory that load needs at all is taken there.
    private static double MemoryGrowth(IReadOnlyList<(TimeSpan At, ProcessSample Sample)> samples)
    {
        var quarter = Math.Max(1, samples.Count / 4);
        return samples.TakeLast(quarter).Max(each => each.Sample.ResidentBytes)
            / (double)samples.Skip(quarter).Take(quarter).Max(each => each.Sample.ResidentBytes);
    }
}
