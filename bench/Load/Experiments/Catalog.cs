using Bedplate.Bench.Load.Results;

namespace Bedplate.Bench.Load.Experiments;

/// <summary>The experiments there are.</summary>
internal static class Catalog
{
    /// <summary>In the order in which they are told.</summary>
    public static IReadOnlyList<IExperiment> All { get; } =
    [
        new PerRequest(),
        new FloorTransports(),
        new ComputeBound(),
        new AddedLatency(),
        new LargeTensors(),
        new Batching(),
        new Overload(),
        new Neighbours(),
        new FairShares(),
        new Threads(),
        new MemoryInstances(),
        new LoadCycles(),
        new SlowPeers(),
        new SmallContainer(),
        new Soak(),
        new Reload(),
    ];

    /// <summary>Runs one, and says whether it reached its targets.</summary>
    public static async Task<bool> RunAsync(string name, LoadOptions options, string command, CancellationToken cancellationToken)
    {
        var experiment = All.Single(each => each.Name == name);
        Console.WriteLine($"{experiment.Name}: {experiment.Summary}");
        var machine = await Machine.ReadAsync(cancellationToken);
        var report = new Report(experiment.Name, experiment.Summary, command, TimeProvider.System.GetLocalNow());
        using (var bench = new Workbench(options, report))
        {
            await experiment.RunAsync(bench, cancellationToken);
        }

        TerminalReport.Write(Console.Out, report);
        if (options.Save)
        {
            Console.WriteLine($"Written to {Path.GetRelativePath(Directory.GetCurrentDirectory(), MarkdownReport.Save(report, machine))}");
        }

        return report.IsReached;
    }
}
