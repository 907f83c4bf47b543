using Bedplate.Bench.Load.Generators;
using Bedplate.Bench.Load.Measurement;
using Bedplate.Bench.Load.Models;
using Bedplate.Bench.Load.Results;
using Bedplate.Bench.Load.Servers;

namespace Bedplate.Bench.Load.Experiments;

/// <summary>What serving adds to models that compute for milliseconds, over a loop of the runtime with the same threads.</summary>
internal sealed class ComputeBound : IExperiment
{
    private const double MostCpuOver = 1.03;
    private const double LeastThroughput = 0.97;

    // Enough that each slot has its next request waiting.
    private static readonly int Concurrency = 2 * Environment.ProcessorCount;

    public string Name => "compute-bound";

    public string Summary => "Processor time and throughput of models that compute for milliseconds, against a loop over the runtime.";

    public async Task RunAsync(Workbench bench, CancellationToken cancellationToken)
    {
        var table = bench.Report.Table(
            $"{Environment.ProcessorCount} threads, {Concurrency} requests in flight, HTTP binary; medians",
            "model", "loop runs/s", "Bedplate req/s", "generator's processors", "loop CPU ms", "Bedplate CPU ms", "throughput", "CPU", "floor's CPU", "CPU over the floor's");
        foreach (var model in new[] { bench.Models.Convolution, DemoModels.Recognition })
        {
            await MeasureAsync(bench, model, table, cancellationToken);
        }

        bench.Report.Note(
            "The loop runs over one input that stays in the processor's cache. The floor takes the same requests over HTTP as Bedplate, from wrk, "
            + "and does the least that can be done with them: what it costs over the loop is the price of having requests at all.");
    }

    private static async Task MeasureAsync(Workbench bench, BenchModel model, Table table, CancellationToken cancellationToken)
    {
        var duration = bench.Options.PickSeconds(quick: 3, full: 10);
        await using var server = await BedplateServer.StartAsync(new RepositoryFolder(bench).Add(model), [], cancellationToken);
        await using var floor = await FloorServer.StartHttpAsync(model, FloorServer.Inline, cancellationToken);
        var request = InferRequests.Binary(model);
        var path = InferRequests.Path(model.Name);
        using var loop = new BareLoop(model);
        var turns = await bench.Rounds(quick: 3, full: 11).RunAsync<Turn>(
            new($"loop over {model.Name}", () => Task.FromResult(Loop())),
            new($"Bedplate, {model.Name}", ServeAsync),
            new($"floor, {model.Name}", () => LoadAsync(floor.Process, new Uri(floor.Url, path))),
            new($"Bedplate beside the floor, {model.Name}", () => LoadAsync(server.Process, new Uri(server.Http, path))));
        var throughput = Sample.MedianOf(turns[1].Zip(turns[0], (served, looped) => served.PerSecond / (looped.PerSecond * served.ProcessorsLeft)));
        var cpu = Rounds.Ratio(turns[1], turns[0], turn => turn.CpuMilliseconds);
        table.Add(
            model.Name, Median(turns[0], turn => turn.PerSecond), Median(turns[1], turn => turn.PerSecond),
            Environment.ProcessorCount * (1 - Median(turns[1], turn => turn.ProcessorsLeft)),
            Median(turns[0], turn => turn.CpuMilliseconds), Median(turns[1], turn => turn.CpuMilliseconds), throughput, cpu,
            Rounds.Ratio(turns[2], turns[0], turn => turn.CpuMilliseconds), Rounds.Ratio(turns[3], turns[2], turn => turn.CpuMilliseconds));
        bench.Report.Judge($"{model.Name}: processor time per request over the runtime's own", cpu, "×", Target.AtMost(MostCpuOver));
        bench.Report.Judge(
            $"{model.Name}: throughput over the loop's on what the generator leaves of the machine", throughput, "×", Target.AtLeast(LeastThroughput));

        Turn Loop()
        {
            var result = loop.Run(Environment.ProcessorCount, duration);
            return new Turn(result.PerSecond, result.CpuMilliseconds, ProcessorsLeft: 1);
        }

        async Task<Turn> LoadAsync(ServerProcess process, Uri url)
        {
            var cost = await RequestCost.MeasureAsync(
                model.Name, process, () => new Wrk(bench, request).RunAsync(url, Concurrency, duration, cancellationToken));
            return new Turn(cost.Load.PerSecond, cost.CpuMicroseconds / 1000, ProcessorsLeft: double.NaN);
        }

        async Task<Turn> ServeAsync()
        {
            var before = (await server.ReadMetricsAsync(cancellationToken)).Requests;
            var cpuBefore = server.Process.Sample().CpuSeconds;
            var result = (await new BedplateBench { Url = server.Http, Model = model, Concurrency = Concurrency, Duration = duration }
                .RunAsync(bench, cancellationToken)).RequireSuccess(model.Name);
            var cpuSeconds = server.Process.Sample().CpuSeconds - cpuBefore;
            var requests = (await server.ReadMetricsAsync(cancellationToken)).Requests - before;
            return new Turn(result.PerSecond, 1000 * cpuSeconds / requests, 1 - result.ClientProcessors / Environment.ProcessorCount);
        }
    }

    private static double Median(Turn[] turns, Func<Turn, double> figure) => Sample.MedianOf(turns.Select(figure));

    /// <param name="PerSecond">Runs or answers per second.</param>
    /// <param name="CpuMilliseconds">Processor time of each.</param>
    /// <param name="ProcessorsLeft">Share of the machine that no generator used; not a number where that is not known.</param>
    private sealed record Turn(double PerSecond, double CpuMilliseconds, double ProcessorsLeft);
}
