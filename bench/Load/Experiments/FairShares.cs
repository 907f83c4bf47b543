using Bedplate.Bench.Load.Generators;
using Bedplate.Bench.Load.Models;
using Bedplate.Bench.Load.Results;
using Bedplate.Bench.Load.Servers;

namespace Bedplate.Bench.Load.Experiments;

/// <summary>Two deployments that both want more than there is: each gets its half.</summary>
internal sealed class FairShares : IExperiment
{
    private const int Concurrency = 8;
    private const double Factor = 3;
    private const double Tolerance = 0.1;

    // Long beside a run and short beside the measurement: queues are full throughout, and soon empty afterwards.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(1);

    private static readonly string[] Deployments = ["first", "second"];

    public string Name => "fair-shares";

    public string Summary => "Two deployments of a 14 ms model, each offered three times its half of the machine.";

    public async Task RunAsync(Workbench bench, CancellationToken cancellationToken)
    {
        var model = bench.Models.FourteenMilliseconds;
        var repository = new RepositoryFolder(bench);
        foreach (var name in Deployments)
        {
            repository.Add(model, name);
        }

        await using var server = await BedplateServer.StartAsync(repository, [], cancellationToken);
        var closed = new BedplateBench
        {
            Url = server.Http,
            Model = model,
            ServedAs = Deployments[0],
            Concurrency = Concurrency,
            Duration = bench.Options.PickSeconds(quick: 4, full: 20),
        };
        bench.Report.Progress("capacity, in a closed loop over one of them");
        var before = (await closed.RunAsync(bench, cancellationToken)).RequireSuccess("capacity").PerSecond;
        var rate = Factor * before / Deployments.Length;
        bench.Report.Progress($"{rate:0} requests per second to each");
        var results = await Task.WhenAll(Deployments.Select(name => (closed with
        {
            ServedAs = name,
            Rate = rate,
            Deadline = Deadline,
            Duration = bench.Options.PickSeconds(quick: 6, full: 60),
        }).RunAsync(bench, cancellationToken)));
        var after = (await closed.RunAsync(bench, cancellationToken)).RequireSuccess("capacity").PerSecond;

        var half = (before + after) / 2 / Deployments.Length;
        var table = bench.Report.Table(
            $"{model.Name} twice, capacity {Table.Text(before)} and {Table.Text(after)} answers/s before and after",
            "deployment", "offered/s", "answers/s", "refused/s", "p50 ms", "share of all answers");
        foreach (var (name, result) in Deployments.Zip(results))
        {
            table.Add(
                name, rate, result.PerSecond, result.Refused / result.Seconds, result.P50,
                result.PerSecond / results.Sum(each => each.PerSecond));
            bench.Report.Judge(
                $"{name}: answers over half of the capacity", result.PerSecond / half, "×", Target.Between(1 - Tolerance, 1 + Tolerance));
        }

        if (Array.Find(results, result => result.Failed > result.Refused + result.Expired) is { } failed)
        {
            bench.Report.Note($"Not answered: {failed.Failures}");
        }
    }
}
