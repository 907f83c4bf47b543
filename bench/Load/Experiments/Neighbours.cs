using Bedplate.Bench.Load.Generators;
using Bedplate.Bench.Load.Measurement;
using Bedplate.Bench.Load.Models;
using Bedplate.Bench.Load.Results;
using Bedplate.Bench.Load.Servers;

namespace Bedplate.Bench.Load.Experiments;

/// <summary>What those who take all they can get do to a tiny model beside them, and to health.</summary>
internal sealed class Neighbours : IExperiment
{
    private const int HeavyConcurrency = 32;

    // Each has always more to send, or to read; they are as many as the processors that everything here shares.
    private const int LargeConnections = 2;

    private const double TinyPerSecond = 500;
    private const double MostMilliseconds = 10;

    // The heavy load begins and ends this much before and after what is measured.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(2);

    // While a generator starts, it is compiled on all processors there are, which is no model's doing.
    private static readonly TimeSpan StartOfGenerator = TimeSpan.FromSeconds(1);

    public string Name => "neighbours";

    public string Summary => "A tiny model at 500 requests per second, Poisson, and health, beside a saturated model of 14 ms and beside 16 MiB in and out.";

    public async Task RunAsync(Workbench bench, CancellationToken cancellationToken)
    {
        var models = bench.Models;
        var heavy = models.FourteenMilliseconds;
        var tiny = models.Score;
        var duration = bench.Options.PickSeconds(quick: 5, full: 60);
        await using var server = await BedplateServer.StartAsync(
            new RepositoryFolder(bench).Add(heavy, models.LargeInput, models.LargeConstant, tiny), [], cancellationToken);
        var table = bench.Report.Table(
            $"{tiny.Name}, {TinyPerSecond:0} requests per second; milliseconds",
            "", "answers/s", "p50", "p99", "health p50", "health p99", "health longest");
        bench.Report.Progress($"{tiny.Name} alone");
        Add("alone", await MeasureAsync());
        await BesideAsync(heavy.Name, HeavyConcurrency, async () => (await SaturateAsync()).RequireSuccess(heavy.Name).PerSecond);
        await BesideAsync("16 MiB in", LargeConnections, () => MoveAsync(models.LargeInput));
        await BesideAsync("16 MiB out", LargeConnections, () => MoveAsync(models.LargeConstant));
        bench.Report.Note("The generators run on the same processors, so that their own waits are in the latencies.");

        async Task BesideAsync(string what, int inFlight, Func<Task<double>> taking)
        {
            bench.Report.Progress($"{tiny.Name} beside {what}");
            var taken = taking();
            await Task.Delay(Margin, cancellationToken);
            var turn = await MeasureAsync();
            Add($"beside {what}", turn);
            bench.Report.Judge($"beside {what}, {tiny.Name}: p99", turn.Tiny.P99, "ms", Target.AtMost(MostMilliseconds));
            bench.Report.Judge($"beside {what}, {tiny.Name}: not answered", turn.Tiny.Failed, "requests", Target.AtMost(0));
            bench.Report.Judge($"beside {what}, health: longest answer", turn.Health.Max, "ms", Target.AtMost(MostMilliseconds));
            bench.Report.Judge($"beside {what}, health: answers that said no", turn.HealthFailed, "answers", Target.AtMost(0));
            bench.Report.Note($"{what}: {Table.Text(await taken)} answers per second with {inFlight} requests in flight.");
        }

        Task<BenchResult> SaturateAsync() =>
            new BedplateBench { Url = server.Http, Model = heavy, Concurrency = HeavyConcurrency, Duration = duration + 2 * Margin }
                .RunAsync(bench, cancellationToken);

        async Task<double> MoveAsync(BenchModel model)
        {
            var url = new Uri(server.Http, InferRequests.Path(model.Name));
            var moved = await new Wrk(bench, InferRequests.Binary(model)).RunAsync(url, LargeConnections, duration + 2 * Margin, cancellationToken);
            return moved.RequireSuccess(model.Name).PerSecond;
        }

        void Add(string what, Turn turn) => table.Add(
            what, turn.Tiny.PerSecond, turn.Tiny.P50, turn.Tiny.P99, turn.Health.Median, turn.Health.Percentile(99), turn.Health.Max);

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
