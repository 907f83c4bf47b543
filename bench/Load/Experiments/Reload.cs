using Bedplate.Bench.Load.Generators;
using Bedplate.Bench.Load.Models;
using Bedplate.Bench.Load.Results;
using Bedplate.Bench.Load.Servers;

namespace Bedplate.Bench.Load.Experiments;

/// <summary>Reloads one after the other under full load: nobody may notice.</summary>
internal sealed class Reload : IExperiment
{
    private const int Concurrency = 8;
    private const double MostOverSteady = 1.5;

    public string Name => "reload";

    public string Summary => "Failures and p99 while a model under full load is reloaded without a break.";

    public async Task RunAsync(Workbench bench, CancellationToken cancellationToken)
    {
        var model = DemoModels.Orientation;
        var repository = new RepositoryFolder(bench).Add(model);
        await using var server = await BedplateServer.StartAsync(
            repository, ["--model-control-mode", "explicit", "--load-model", model.Name], cancellationToken);
        var load = new BedplateBench { Url = server.Http, Model = model, Concurrency = Concurrency, Duration = bench.Options.PickSeconds(quick: 5, full: 30) };
        bench.Report.Progress("steady load");
        var before = (await load.RunAsync(bench, cancellationToken)).RequireSuccess("steady load");
        bench.Report.Progress("the same load with reloads");
        var loading = load.RunAsync(bench, cancellationToken);
        var reloads = 0;
        while (!loading.IsCompleted)
        {
            // Another number of instances is another configuration: the version is loaded anew beside the old one.
            repository.Add(model, model.Name, $"instance_group {{ count: {3 + reloads % 2} }}");
            await server.ChangeModelAsync(model.Name, "load", cancellationToken);
            reloads++;
        }

        var during = await loading;
        bench.Report.Progress("steady load again");
        var after = (await load.RunAsync(bench, cancellationToken)).RequireSuccess("steady load");
        var steady = (before.P99 + after.P99) / 2;
        bench.Report.Table($"{model.Name}, {Concurrency} requests in flight", "", "answers/s", "p50 ms", "p99 ms", "failed")
            .Add("steady, before", before.PerSecond, before.P50, before.P99, before.Failed)
            .Add($"{reloads} reloads", during.PerSecond, during.P50, during.P99, during.Failed)
            .Add("steady, after", after.PerSecond, after.P50, after.P99, after.Failed);
        bench.Report.Judge("failed requests while reloading", during.Failed, "requests", Target.AtMost(0));
        bench.Report.Judge("p99 while reloading over the steady one", during.P99 / steady, "×", Target.AtMost(MostOverSteady));
        if (during.Failed > 0)
        {
            bench.Report.Note($"Failures: {during.Failures}");
        }

        bench.Report.Note("Each reload begins when the one before has been loaded, so that all of the time lies between a load's start and a drain's end.");
    }
}
