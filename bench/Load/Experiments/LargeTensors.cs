using Bedplate.Bench.Load.Generators;
using Bedplate.Bench.Load.Measurement;
using Bedplate.Bench.Load.Models;
using Bedplate.Bench.Load.Results;
using Bedplate.Bench.Load.Servers;

namespace Bedplate.Bench.Load.Experiments;

/// <summary>Moving 16 MiB in and out, against a Kestrel application that only moves them.</summary>
internal sealed class LargeTensors : IExperiment
{
    private const int Bytes = sizeof(float) * GeneratedModels.LargeElements;
    private const double MostOverFloor = 1.3;

    public string Name => "large-tensors";

    public string Summary => "Tensors of 16 MiB in and out over HTTP binary, one at a time, against an echo floor.";

    public async Task RunAsync(Workbench bench, CancellationToken cancellationToken)
    {
        var models = bench.Models;
        await using var server = await BedplateServer.StartAsync(
            new RepositoryFolder(bench).Add(models.LargeInput, models.LargeConstant), [], cancellationToken);
        await using var floor = await FloorServer.StartEchoAsync(Bytes, FloorServer.Inline, cancellationToken);
        var table = bench.Report.Table(
            "One connection, medians", "16 MiB", "floor ms", "Bedplate ms", "ratio", "floor CPU ms", "Bedplate CPU ms", "CPU ratio");
        await CompareAsync("in", new HttpBody(new byte[Bytes], new Dictionary<string, string>()), models.LargeInput);
        await CompareAsync("out", new HttpBody([0], new Dictionary<string, string>()), models.LargeConstant);

        async Task CompareAsync(string direction, HttpBody floorBody, BenchModel model)
        {
            var duration = bench.Options.PickSeconds(quick: 2, full: 5);
            var floorLoad = new Wrk(bench, floorBody);
            var load = new Wrk(bench, InferRequests.Binary(model));
            var url = new Uri(server.Http, InferRequests.Path(model.Name));
            var costs = await bench.Rounds(quick: 5, full: 15).RunAsync<RequestCost>(
                new($"floor, {direction}", () => RequestCost.MeasureAsync(
                    $"floor, {direction}", floor.Process, () => floorLoad.RunAsync(new Uri(floor.Url, $"/{direction}"), connections: 1, duration, cancellationToken))),
                new($"Bedplate, {direction}", () => RequestCost.MeasureAsync(
                    $"Bedplate, {direction}", server.Process, () => load.RunAsync(url, connections: 1, duration, cancellationToken))));
            var ratio = Rounds.Ratio(costs[1], costs[0], cost => cost.Load.P50);
            table.Add(
                direction, Median(costs[0], cost => cost.Load.P50), Median(costs[1], cost => cost.Load.P50), ratio,
                Median(costs[0], cost => cost.CpuMicroseconds / 1000), Median(costs[1], cost => cost.CpuMicroseconds / 1000),
                Rounds.Ratio(costs[1], costs[0], cost => cost.CpuMicroseconds));
            bench.Report.Judge($"16 MiB {direction}: time over the echo floor's", ratio, "×", Target.AtMost(MostOverFloor));
        }
    }

    private static double Median(RequestCost[] costs, Func<RequestCost, double> figure) => Sample.MedianOf(costs.Select(figure));
}
