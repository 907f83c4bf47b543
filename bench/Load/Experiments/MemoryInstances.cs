using Bedplate.Bench.Load.Generators;
using Bedplate.Bench.Load.Models;
using Bedplate.Bench.Load.Results;
using Bedplate.Bench.Load.Servers;

namespace Bedplate.Bench.Load.Experiments;

/// <summary>Instances are slots over one copy of the weights: four cost hardly more memory than one.</summary>
internal sealed class MemoryInstances : IExperiment
{
    private const int Instances = 4;
    private const int Concurrency = 16;
    private const double MostOverOne = 1.15;

    // Each run that computes holds intermediate results, and no more compute than there are processors.
    private static readonly int AtATime = Math.Min(Instances, Environment.ProcessorCount);

    // Requests run apart, so that the intermediate results of a run are those of one row.
    private const string Unbatched = "dynamic_batching { }";

    public string Name => "memory-instances";

    public string Summary => $"Resident memory of {Instances} instances under full load against that of one, above their intermediate results.";

    public async Task RunAsync(Workbench bench, CancellationToken cancellationToken)
    {
        var table = bench.Report.Table(
            $"{Concurrency} requests in flight; MiB", "model", "file", "1 instance", $"{Instances} instances", "intermediate results of a run", "ratio");
        foreach (var model in new[] { bench.Models.Weights, bench.Models.Convolution, DemoModels.Recognition })
        {
            var one = await ResidentAsync(bench, model, instances: 1, cancellationToken);
            var several = await ResidentAsync(bench, model, Instances, cancellationToken);
            var activation = ActivationOf(model);
            var ratio = (several - AtATime * activation) / (one - activation);
            table.Add(model.Name, MiB(new FileInfo(model.File).Length), MiB(one), MiB(several), MiB(activation), ratio);
            bench.Report.Judge($"{model.Name}: memory of {Instances} instances over that of one", ratio, "×", Target.AtMost(MostOverOne));
        }
    }

    // The most that is resident while the load goes on; what loading took for a moment is not in it.
    private static async Task<double> ResidentAsync(Workbench bench, BenchModel model, int instances, CancellationToken cancellationToken)
    {
        bench.Report.Progress($"{model.Name}, {instances} of it");
        var repository = new RepositoryFolder(bench).Add(model, model.Name, $"instance_group {{ count: {instances} }} {Unbatched}");
        await using var server = await BedplateServer.StartAsync(repository, [], cancellationToken);
        await using var watch = new ProcessWatch(server.Process, TimeSpan.FromMilliseconds(100));
        var load = new BedplateBench { Url = server.Http, Model = model, Concurrency = Concurrency, Duration = bench.Options.PickSeconds(quick: 3, full: 30) };
        (await load.RunAsync(bench, cancellationToken)).RequireSuccess(model.Name);
        return watch.MaxResidentBytes;
    }

    private static double ActivationOf(BenchModel model)
    {
        using var loop = new BareLoop(model);
        loop.Run(threads: 1, TimeSpan.FromMilliseconds(100));
        return loop.PeakActivationBytes;
    }

    private static double MiB(double bytes) => bytes / 1048576;
}
