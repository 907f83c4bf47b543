using Bedplate.Bench.Load.Generators;
using Bedplate.Bench.Load.Measurement;
using Bedplate.Bench.Load.Models;
using Bedplate.Bench.Load.Servers;

namespace Bedplate.Bench.Load.Experiments;

/// <summary>Which transport each floor is leanest on; the choice stands in bench/floors/README.md.</summary>
internal sealed class FloorTransports : IExperiment
{
    private const int Connections = 8;
    private const int LargeConnections = 2;
    private const int LargeBytes = sizeof(float) * GeneratedModels.LargeElements;

    public string Name => "floor-transports";

    public string Summary => "The floors on either transport: what makes a floor one. No targets.";

    public async Task RunAsync(Workbench bench, CancellationToken cancellationToken)
    {
        var model = bench.Models.Score;
        var duration = bench.Options.PickSeconds(quick: 2, full: 5);
        var path = InferRequests.Path(model.Name);
        var json = new Wrk(bench, InferRequests.Json(model));
        var binary = new Wrk(bench, InferRequests.Binary(model));
        var grpc = new H2Load(bench, InferRequests.Grpc(model));
        var large = new Wrk(bench, new HttpBody(new byte[LargeBytes], new Dictionary<string, string>()));
        var small = new Wrk(bench, new HttpBody([0], new Dictionary<string, string>()));
        var table = bench.Report.Table("Medians", "load", "inline µs", "pool µs", "inline/pool", "inline req/s", "pool req/s");

        await CompareAsync("HTTP JSON", transport => FloorServer.StartHttpAsync(model, transport, cancellationToken), url => json.RunAsync(new Uri(url, path), Connections, duration, cancellationToken));
        await CompareAsync("HTTP binary", transport => FloorServer.StartHttpAsync(model, transport, cancellationToken), url => binary.RunAsync(new Uri(url, path), Connections, duration, cancellationToken));
        await CompareAsync("gRPC", transport => FloorServer.StartGrpcAsync(model, transport, cancellationToken), url => grpc.RunAsync(url, InferRequests.GrpcPath, Connections, duration, cancellationToken));
        await CompareAsync("16 MiB in", transport => FloorServer.StartEchoAsync(LargeBytes, transport, cancellationToken), url => large.RunAsync(new Uri(url, "/in"), LargeConnections, duration, cancellationToken));
        await CompareAsync("16 MiB out", transport => FloorServer.StartEchoAsync(LargeBytes, transport, cancellationToken), url => small.RunAsync(new Uri(url, "/out"), LargeConnections, duration, cancellationToken));

        async Task CompareAsync(string load, Func<string, Task<FloorServer>> startAsync, Func<Uri, Task<LoadResult>> loadAsync)
        {
            await using var inline = await startAsync(FloorServer.Inline);
            await using var pool = await startAsync(FloorServer.Pool);
            var costs = await bench.Rounds(quick: 5, full: 15).RunAsync<RequestCost>(
                new($"inline, {load}", () => RequestCost.MeasureAsync($"inline, {load}", inline.Process, () => loadAsync(inline.Url))),
                new($"pool, {load}", () => RequestCost.MeasureAsync($"pool, {load}", pool.Process, () => loadAsync(pool.Url))));
            table.Add(
                load,
                Sample.MedianOf(costs[0].Select(cost => cost.CpuMicroseconds)),
                Sample.MedianOf(costs[1].Select(cost => cost.CpuMicroseconds)),
                Rounds.Ratio(costs[0], costs[1], cost => cost.CpuMicroseconds),
                Sample.MedianOf(costs[0].Select(cost => cost.Load.PerSecond)),
                Sample.MedianOf(costs[1].Select(cost => cost.Load.PerSecond)));
        }
    }
}
