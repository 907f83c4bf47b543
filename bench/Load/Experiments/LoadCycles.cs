using Bedplate.Bench.Load.Measurement;
using Bedplate.Bench.Load.Models;
using Bedplate.Bench.Load.Results;
using Bedplate.Bench.Load.Servers;

namespace Bedplate.Bench.Load.Experiments;

/// <summary>Models loaded, used and unloaded again and again: nothing may stay behind.</summary>
internal sealed class LoadCycles : IExperiment
{
    private const int Models = 10;
    private const double MostGrowth = 1.1;

    // In which code is compiled and compiled better, and heaps find their sizes. They are in the table like the others.
    private const int FirstCycles = 10;

    // Parts of the table after the first cycles; the first and the last of them are compared.
    private const int Parts = 10;

    public string Name => "load-cycles";

    public string Summary => $"Resident memory over cycles of loading, using and unloading {Models} models.";

    public async Task RunAsync(Workbench bench, CancellationToken cancellationToken)
    {
        var repository = new RepositoryFolder(bench);
        var models = Choose(bench.Models).Select((model, i) => (Model: model, Name: $"{model.Name}-{i}")).ToList();
        foreach (var (model, name) in models)
        {
            repository.Add(model, name);
        }

        await using var server = await BedplateServer.StartAsync(repository, ["--model-control-mode", "explicit"], cancellationToken);
        var requests = models.ConvertAll(each => new SingleRequests(server, each.Model, each.Name));
        var cycles = bench.Options.Pick(quick: 20, full: 200);
        var samples = new List<ProcessSample>();
        for (var cycle = 1; cycle <= FirstCycles + cycles; cycle++)
        {
            await RunCycleAsync(server, models.ConvertAll(each => each.Name), requests, cancellationToken);
            samples.Add(server.Process.Sample());
            if (cycle % (cycles / Parts) == 0)
            {
                bench.Report.Progress($"{cycle} of {FirstCycles + cycles} cycles: {samples[^1].ResidentBytes >> 20} MiB");
            }
        }

        var table = bench.Report.Table("After unloading, medians of the cycles", "cycles", "MiB resident", "handles", "threads");
        var parts = samples.Skip(FirstCycles).Chunk(cycles / Parts).ToList();
        var end = 0;
        foreach (var part in parts.Prepend([.. samples.Take(FirstCycles)]))
        {
            var begin = end + 1;
            end += part.Length;
            table.Add($"{begin}–{end}", Resident(part) / 1048576, Median(part, each => each.Handles), Median(part, each => each.Threads));
        }

        bench.Report.Judge("resident memory at the end over that after the first cycles", Resident(parts[^1]) / Resident(parts[0]), "×", Target.AtMost(MostGrowth));
        bench.Report.Note($"The models: {string.Join(", ", models.Select(each => each.Name))}. Each answers a request between its load and its unload.");
    }

    private static IReadOnlyList<BenchModel> Choose(ModelLibrary models) =>
    [
        models.Score, models.Tabular, models.GeneratedTabular, models.Convolution, models.GeneratedConvolution,
        DemoModels.Voice, DemoModels.Orientation, DemoModels.Recognition, models.LargeConstant, models.Weights,
    ];

    private static async Task RunCycleAsync(
        BedplateServer server, IReadOnlyList<string> names, IReadOnlyList<SingleRequests> requests, CancellationToken cancellationToken)
    {
        await Task.WhenAll(names.Select(name => server.ChangeModelAsync(name, "load", cancellationToken)));
        foreach (var (name, request) in names.Zip(requests))
        {
            if (double.IsInfinity(await request.SendAsync(cancellationToken)))
            {
                throw new LoadException($"'{name}' does not answer after it has been loaded.");
            }
        }

        await Task.WhenAll(names.Select(name => server.ChangeModelAsync(name, "unload", cancellationToken)));
        await server.WaitForUnloadsAsync(cancellationToken);
    }

    private static double Resident(ProcessSample[] samples) => Median(samples, each => each.ResidentBytes);

    private static double Median(ProcessSample[] samples, Func<ProcessSample, double> figure) => Sample.MedianOf(samples.Select(figure));
}
