using Bedplate.Bench.Load.Generators;
using Bedplate.Bench.Load.Measurement;
using Bedplate.Bench.Load.Models;
using Bedplate.Bench.Load.Results;
using Bedplate.Bench.Load.Servers;

namespace Bedplate.Bench.Load.Experiments;

/// <summary>What a model that takes all it can get does to a tiny one beside it, and to health.</summary>
internal sealed class Neighbours : IExperiment
{
    private const int HeavyConcurrency = 32;
    private const double TinyPerSecond = 500;
    private const double MostMilliseconds = 10;

    // The heavy load begins and ends this much before and after what is measured.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(2);

    // While a generator starts, it is compiled on all processors there are, which is no model's doing.
    private static readonly TimeSpan StartOfGenerator = TimeSpan.FromSeconds(1);

    public string Name => "neighbours";

    public string Summary => "A tiny model at 500 requests per second, Poisson, and health, beside a saturated model of 14 ms.";

    public async Task RunAsync(Workbench bench, CancellationToken cancellationToken)
    {
        var heavy = bench.Models.FourteenMilliseconds;
        var tiny = bench.Models.Score;
        var duration = bench.Options.PickSeconds(quick: 5, full: 60);
        await using var server = await BedplateServer.StartAsync(new RepositoryFolder(bench).Add(heavy, tiny), [], cancellationToken);
        bench.Report.Progress($"{tiny.Name} alone");
        var alone = await MeasureAsync();
        bench.Report.Progress($"{tiny.Name} beside {heavy.Name}");
        var saturating = new BedplateBench { Url = server.Http, Model = heavy, Concurrency = HeavyConcurrency, Duration = duration + 2 * Margin }
            .RunAsync(bench, cancellationToken);
        await Task.Delay(Margin, cancellationToken);
        var beside = await MeasureAsync();
        var saturated = (await saturating).RequireSuccess(heavy.Name);

        bench.Report.Table(
                $"{tiny.Name}, {TinyPerSecond:0} requests per second; milliseconds",
                "", "answers/s", "p50", "p99", "health p50", "health p99", "health longest")
            .Add("alone", alone.Tiny.PerSecond, alone.Tiny.P50, alone.Tiny.P99, alone.Health.Median, alone.Health.Percentile(99), alone.Health.Max)
            .Add(
                $"beside {heavy.Name}", beside.Tiny.PerSecond, beside.Tiny.P50, beside.Tiny.P99,
                beside.Health.Median, beside.Health.Percentile(99), beside.Health.Max);
        bench.Report.Judge($"{tiny.Name} beside {heavy.Name}: p99", beside.Tiny.P99, "ms", Target.AtMost(MostMilliseconds));
        bench.Report.Judge($"{tiny.Name} beside {heavy.Name}: not answered", beside.Tiny.Failed, "requests", Target.AtMost(0));
        bench.Report.Judge("health: longest answer", beside.Health.Max, "ms", Target.AtMost(MostMilliseconds));
        bench.Report.Judge("health: answers that said no", beside.HealthFailed, "answers", Target.AtMost(0));
        bench.Report.Note(
            $"{heavy.Name} gave {Table.Text(saturated.PerSecond)} answers per second with {HeavyConcurrency} requests in flight. "
            + "The generators run on the same processors, so that their own waits are in the latencies.");

        async Task<Turn> MeasureAsync()
        {
            var load = new BedplateBench { Url = server.Http, Model = tiny, Rate = TinyPerSecond, Duration = duration }
                .RunAsync(bench, cancellationToken);
            await Task.Delay(StartOfGenerator, cancellationToken);
            var probe = HealthProbe.Start(server);
            using (probe)
            {
                await load;
            }

            return new Turn(await load, probe.Latencies, probe.Failed);
        }
    }

    private sealed record Turn(BenchResult Tiny, Sample Health, int HealthFailed);
}
