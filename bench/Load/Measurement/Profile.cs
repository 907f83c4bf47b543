using System.Globalization;
using System.Text.RegularExpressions;
using Bedplate.Bench.Load.Generators;
using Bedplate.Bench.Load.Results;
using Bedplate.Bench.Load.Servers;

namespace Bedplate.Bench.Load.Measurement;

/// <summary>Where a server's processor time goes: by thread, and by library where perf is installed.</summary>
internal static partial class Profile
{
    private const int Seconds = 2;
    private const int SamplesPerSecond = 999;
    private const double LeastShare = 0.5;

    /// <summary>Profiles a server while <paramref name="load"/> runs, and adds the tables to the report.</summary>
    public static async Task TakeAsync(Workbench bench, string subject, ServerProcess process, Func<Task> load, CancellationToken cancellationToken)
    {
        bench.Report.Progress($"profiling {subject}");
        var before = ProcessSample.ReadThreads(process.Id);
        var loading = load();
        var libraries = Tool.IsInstalled("perf") ? await SampleAsync(bench, process.Id, cancellationToken) : [];
        await loading;
        AddThreads(bench.Report, subject, before, ProcessSample.ReadThreads(process.Id));
        if (libraries.Count > 0)
        {
            var table = bench.Report.Table($"{subject}: processor time by library", "library", "% of samples");
            foreach (var (library, share) in libraries.Where(each => each.Share >= LeastShare))
            {
                table.Add(library, share);
            }
        }
    }

    private static void AddThreads(Report report, string subject, IReadOnlyDictionary<string, double> before, IReadOnlyDictionary<string, double> after)
    {
        var used = after.Select(each => (Name: each.Key, Seconds: each.Value - before.GetValueOrDefault(each.Key))).ToList();
        var total = used.Sum(each => each.Seconds);
        var table = report.Table($"{subject}: processor time by thread", "threads", "%");
        foreach (var (name, seconds) in used.OrderByDescending(each => each.Seconds))
        {
            if (100 * seconds / total >= LeastShare)
            {
                table.Add(name, 100 * seconds / total);
            }
        }
    }

    private static async Task<List<(string Library, double Share)>> SampleAsync(Workbench bench, int id, CancellationToken cancellationToken)
    {
        var data = bench.PathFor("perf.data");
        try
        {
            await Tool.RunAsync("perf", ["record", "-F", $"{SamplesPerSecond}", "-p", $"{id}", "-o", data, "--", "sleep", $"{Seconds}"], cancellationToken);
            var report = await Tool.RunAsync("perf", ["report", "-i", data, "--sort", "dso", "--stdio"], cancellationToken);
            return [.. Line().Matches(report.Output).Select(line => (
                line.Groups["library"].Value,
                double.Parse(line.Groups["share"].ValueSpan, CultureInfo.InvariantCulture)))];
        }
        catch (LoadException exception)
        {
            // Often forbidden in containers; the rest of the result stands without it.
            bench.Report.Note($"No profile by library: {exception.Message.Split('\n')[0]}");
            return [];
        }
    }

    [GeneratedRegex(@"^ +(?<share>[\d.]+)%  (?<library>.+?) *$", RegexOptions.Multiline)]
    private static partial Regex Line();
}
