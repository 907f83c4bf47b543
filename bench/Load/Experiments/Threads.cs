using Bedplate.Bench.Load.Generators;
using Bedplate.Bench.Load.Models;
using Bedplate.Bench.Load.Results;
using Bedplate.Bench.Load.Servers;

namespace Bedplate.Bench.Load.Experiments;

/// <summary>Threads of a server whose models have far more slots than the machine has processors.</summary>
internal sealed class Threads : IExperiment
{
    private const int Models = 50;
    private const int Slots = 4;
    private const int Connections = 200;
    private const string ComputeThreads = "compute";

    // The pool of .NET may grow by a few for a while whatever it is given to do.
    private const int MostMoreThreads = 8;

    public string Name => "threads";

    public string Summary => $"Threads with {Models} models of {Slots} slots loaded and busy, against one model of one slot.";

    public async Task RunAsync(Workbench bench, CancellationToken cancellationToken)
    {
        var model = DemoModels.Orientation;
        var one = await MeasureAsync(bench, model, models: 1, slots: 1, cancellationToken);
        var many = await MeasureAsync(bench, model, Models, Slots, cancellationToken);
        var table = bench.Report.Table($"Threads under load, {Connections} connections", "name", "1 model × 1 slot", $"{Models} models × {Slots} slots");
        foreach (var name in many.ByName.Keys.Union(one.ByName.Keys).Order(StringComparer.Ordinal))
        {
            table.Add(name, one.ByName.GetValueOrDefault(name), many.ByName.GetValueOrDefault(name));
        }

        table.Add("all, most at a time", one.Most, many.Most).Add("requests per second", one.PerSecond, many.PerSecond);
        var permits = Environment.ProcessorCount;
        var bound = permits + (permits + 1) / 2;
        bench.Report.Judge("threads that compute", many.ByName.GetValueOrDefault(ComputeThreads), "threads", Target.AtMost(bound));
        bench.Report.Judge("threads more than with one model of one slot", many.Most - one.Most, "threads", Target.AtMost(MostMoreThreads));
        bench.Report.Note(
            $"The bound: engine.compute-threads, by default a thread per processor ({permits}), and half as many more for runs under "
            + $"engine.short-run-limit ({bound - permits}), whatever the number of models and slots; {Models * Slots} slots are open here.");
    }

    private static async Task<Reading> MeasureAsync(Workbench bench, BenchModel model, int models, int slots, CancellationToken cancellationToken)
    {
        bench.Report.Progress($"{models} × {slots} slots");
        var repository = new RepositoryFolder(bench);
        var names = Enumerable.Range(0, models).Select(i => $"{model.Name}-{i}").ToList();
        foreach (var name in names)
        {
            repository.Add(model, name, $"instance_group {{ count: {slots} }}");
        }

        await using var server = await BedplateServer.StartAsync(repository, [], cancellationToken);
        var load = new Wrk(bench, InferRequests.Binary(model), [.. names.Select(InferRequests.Path)]);
        await using var watch = new ProcessWatch(server.Process, TimeSpan.FromMilliseconds(100));
        var loading = load.RunAsync(server.Http, Connections, bench.Options.PickSeconds(quick: 4, full: 30), cancellationToken);
        IReadOnlyDictionary<string, int> byName = new Dictionary<string, int>();
        while (!loading.IsCompleted)
        {
            byName = ProcessSample.CountThreads(server.Process.Id);
            await Task.WhenAny(loading, Task.Delay(TimeSpan.FromMilliseconds(500), cancellationToken));
        }

        var result = (await loading).RequireSuccess($"{models} models");
        return new Reading(byName, watch.MaxThreads, result.PerSecond);
    }

    /// <param name="ByName">Threads by name, at the end of the load.</param>
    /// <param name="Most">Most threads at a time.</param>
    /// <param name="PerSecond">Answers per second.</param>
    private sealed record Reading(IReadOnlyDictionary<string, int> ByName, int Most, double PerSecond);
}
