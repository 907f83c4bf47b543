using Bedplate.Bench.Load.Generators;
using Bedplate.Bench.Load.Measurement;
using Bedplate.Bench.Load.Models;
using Bedplate.Bench.Load.Results;
using Bedplate.Bench.Load.Servers;

namespace Bedplate.Bench.Load.Experiments;

/// <summary>What a small request costs Bedplate, over what it costs a bare Kestrel application that runs the same model.</summary>
internal sealed class PerRequest : IExperiment
{
    private const int Connections = 8;
    private const double MostOverFloor = 1.2;
    private const double MostP99Milliseconds = 1;
    private const double MostAllocatedBytes = 1024;

    public string Name => "per-request";

    public string Summary => "Processor time per request of a small model against the floors: HTTP JSON, HTTP binary, gRPC; 8 connections.";

    public async Task RunAsync(Workbench bench, CancellationToken cancellationToken)
    {
        var model = bench.Models.Score;
        var duration = bench.Options.PickSeconds(quick: 2, full: 5);
        var path = InferRequests.Path(model.Name);
        var json = new Wrk(bench, InferRequests.Json(model));
        var binary = new Wrk(bench, InferRequests.Binary(model));
        var grpc = new H2Load(bench, InferRequests.Grpc(model));
        await using var bedplate = await BedplateServer.StartAsync(new RepositoryFolder(bench).Add(model), [], cancellationToken);
        await using var httpFloor = await FloorServer.StartHttpAsync(model, FloorServer.Inline, cancellationToken);
        await using var grpcFloor = await FloorServer.StartGrpcAsync(model, FloorServer.Pool, cancellationToken);
        var table = bench.Report.Table(
            $"{model.Name}, {Connections} connections, medians",
            "protocol", "floor µs", "Bedplate µs", "ratio", "floor req/s", "Bedplate req/s", "floor p99 ms", "Bedplate p99 ms", "Bedplate B/req");
        await CompareAsync(
            "HTTP JSON", httpFloor, httpFloor.Url, bedplate.Http, url => json.RunAsync(new Uri(url, path), Connections, duration, cancellationToken));
        await CompareAsync(
            "HTTP binary", httpFloor, httpFloor.Url, bedplate.Http, url => binary.RunAsync(new Uri(url, path), Connections, duration, cancellationToken));
        await CompareAsync(
            "gRPC", grpcFloor, grpcFloor.Url, bedplate.GrpcAsHttp, url => grpc.RunAsync(url, InferRequests.GrpcPath, Connections, duration, cancellationToken));
        await Profile.TakeAsync(
            bench, "Bedplate, HTTP JSON", bedplate.Process, () => json.RunAsync(new Uri(bedplate.Http, path), Connections, 2 * duration, cancellationToken), cancellationToken);
        await Profile.TakeAsync(
            bench, "floor, HTTP JSON", httpFloor.Process, () => json.RunAsync(new Uri(httpFloor.Url, path), Connections, 2 * duration, cancellationToken), cancellationToken);

        async Task CompareAsync(string protocol, FloorServer floor, Uri floorUrl, Uri url, Func<Uri, Task<LoadResult>> loadAsync)
        {
            var costs = await bench.Rounds(quick: 5, full: 15).RunAsync<RequestCost>(
                new($"floor, {protocol}", () => RequestCost.MeasureAsync($"floor, {protocol}", floor.Process, () => loadAsync(floorUrl))),
                new($"Bedplate, {protocol}", () => RequestCost.MeasureAsync($"Bedplate, {protocol}", bedplate.Process, () => loadAsync(url))));
            var ratio = Rounds.Ratio(costs[1], costs[0], cost => cost.CpuMicroseconds);
            var p99 = Median(costs[1], cost => cost.Load.P99);
            var allocated = await AllocatedPerRequestAsync(bedplate, () => loadAsync(url), cancellationToken);
            table.Add(
                protocol, Median(costs[0], cost => cost.CpuMicroseconds), Median(costs[1], cost => cost.CpuMicroseconds), ratio,
                Median(costs[0], cost => cost.Load.PerSecond), Median(costs[1], cost => cost.Load.PerSecond),
                Median(costs[0], cost => cost.Load.P99), p99, allocated);
            bench.Report.Judge($"{protocol}: processor time per request over the floor's", ratio, "×", Target.AtMost(MostOverFloor));
            bench.Report.Judge($"{protocol}: p99", p99, "ms", Target.AtMost(MostP99Milliseconds));
            bench.Report.Judge($"{protocol}: allocated per request", allocated, "B", Target.AtMost(MostAllocatedBytes));
        }
    }

    private static double Median(RequestCost[] costs, Func<RequestCost, double> figure) => Sample.MedianOf(costs.Select(figure));

    private static async Task<double> AllocatedPerRequestAsync(BedplateServer server, Func<Task<LoadResult>> load, CancellationToken cancellationToken)
    {
        var before = await server.ReadMetricsAsync(cancellationToken);
        await load();
        var after = await server.ReadMetricsAsync(cancellationToken);
        return (after.AllocatedBytes - before.AllocatedBytes) / (after.Requests - before.Requests);
    }
}
