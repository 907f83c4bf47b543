using Bedplate.Bench.Load.Generators;
using Bedplate.Bench.Load.Measurement;
using Bedplate.Bench.Load.Models;
using Bedplate.Bench.Load.Results;
using Bedplate.Bench.Load.Servers;

namespace Bedplate.Bench.Load.Experiments;

/// <summary>
/// Moving 16 MiB in and out, against the least that Kestrel and ONNX Runtime can be made to do for the same requests to
/// the same models, and beside a Kestrel application that only moves them.
/// </summary>
internal sealed class LargeTensors : IExperiment
{
    private const int Bytes = sizeof(float) * GeneratedModels.LargeElements;
    private const double MostOverFloor = 1.3;

    public string Name => "large-tensors";

    public string Summary => "Tensors of 16 MiB in and out over HTTP binary, one at a time, against the floors.";

    public async Task RunAsync(Workbench bench, CancellationToken cancellationToken)
    {
        var models = bench.Models;
        await using var server = await BedplateServer.StartAsync(
            new RepositoryFolder(bench).Add(models.LargeInput, models.LargeConstant), [], cancellationToken);
        await using var echo = await FloorServer.StartEchoAsync(Bytes, FloorServer.Inline, cancellationToken);
        var table = bench.Report.Table(
            "One connection, medians", "16 MiB", "echo ms", "floor ms", "Bedplate ms", "ratio", "echo CPU ms", "floor CPU ms", "Bedplate CPU ms", "CPU ratio");
        await CompareAsync("in", new HttpBody(new byte[Bytes], new Dictionary<string, string>()), models.LargeInput);
        await CompareAsync("out", new HttpBody([0], new Dictionary<string, string>()), models.LargeConstant);
        bench.Report.Note(
            "The floor takes the body into one piece, runs the model and answers with what the run gave, which for these models is one copy "
            + "of 16 MiB. The echo application drops what it gets and answers with the same bytes each time: what Kestrel alone costs.");

        async Task CompareAsync(string direction, HttpBody echoBody, BenchModel model)
        {
            await using var floor = await FloorServer.StartHttpAsync(model, FloorServer.Inline, cancellationToken);
            var duration = bench.Options.PickSeconds(quick: 2, full: 5);
            var request = InferRequests.Binary(model);
            var path = InferRequests.Path(model.Name);
            var costs = await bench.Rounds(quick: 5, full: 15).RunAsync(
                Subject($"echo, {direction}", echo.Process, new Wrk(bench, echoBody), new Uri(echo.Url, $"/{direction}")),
                Subject($"floor, {direction}", floor.Process, new Wrk(bench, request), new Uri(floor.Url, path)),
                Subject($"Bedplate, {direction}", server.Process, new Wrk(bench, request), new Uri(server.Http, path)));
            var ratio = Rounds.Ratio(costs[2], costs[1], cost => cost.Load.P50);
            table.Add(
                [
                    direction, .. costs.Select(each => (object)Median(each, cost => cost.Load.P50)), ratio,
                    .. costs.Select(each => (object)Median(each, cost => cost.CpuMicroseconds / 1000)),
                    Rounds.Ratio(costs[2], costs[1], cost => cost.CpuMicroseconds),
                ]);
            bench.Report.Judge($"16 MiB {direction}: time over the floor's", ratio, "×", Target.AtMost(MostOverFloor));

            Rounds.Subject<RequestCost> Subject(string name, ServerProcess process, Wrk load, Uri url) => new(
                name, () => RequestCost.MeasureAsync(name, process, () => load.RunAsync(url, connections: 1, duration, cancellationToken)));
        }
    }

    private static double Median(RequestCost[] costs, Func<RequestCost, double> figure) => Sample.MedianOf(costs.Select(figure));
}
