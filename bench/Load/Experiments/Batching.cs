using Bedplate.Bench.Load.Generators;
using Bedplate.Bench.Load.Measurement;
using Bedplate.Bench.Load.Models;
using Bedplate.Bench.Load.Results;
using Bedplate.Bench.Load.Servers;

namespace Bedplate.Bench.Load.Experiments;

/// <summary>The batch size that is learned, against every fixed one and against none, for all models there are.</summary>
internal sealed class Batching : IExperiment
{
    private const int Concurrency = 64;
    private const int QueueDelayMicroseconds = 500;
    private const double LeastGain = 2;
    private const double LeastOfUnbatched = 0.97;
    private const double LeastOfBest = 0.95;
    private const string Learned = "learned";

    // A measurement sees each of the requests in flight answered about so often.
    private const int AnswersEach = 4;

    // From one row to the most a handful of comparisons, each a second or two.
    private static readonly TimeSpan LearningTime = TimeSpan.FromSeconds(10);

    private static readonly int[] QuickSizes = [1, 8, 64];
    private static readonly int[] AllSizes = [1, 2, 4, 8, 16, 32, 64];

    public string Name => "batching";

    public string Summary => $"Throughput with {Concurrency} requests in flight: the learned batch size against every fixed one and against none.";

    public async Task RunAsync(Workbench bench, CancellationToken cancellationToken)
    {
        var sizes = bench.Options.IsFull ? AllSizes : QuickSizes;
        var table = bench.Report.Table(
            $"Requests per second over HTTP binary, {Concurrency} in flight, by fixed batch size (max_batch_size, "
            + $"max_queue_delay_microseconds {QueueDelayMicroseconds}); medians",
            ["model", .. sizes.Select(size => $"{size}"), Learned, "learned rows", "over 1", "over the best"]);
        var loops = bench.Report.Table(
            "Rows per second of a loop over the runtime, for models whose batch no configuration can declare; medians",
            ["model", .. sizes.Select(size => $"{size}"), "learned rows", "over the best"]);
        var models = bench.Models;
        var gaining = new[] { DemoModels.Voice, models.Tabular, models.GeneratedTabular }.Select(model => model.Name).ToHashSet();
        var convolutional = new[] { models.Convolution, models.GeneratedConvolution, DemoModels.Recognition }.Select(model => model.Name).ToHashSet();
        foreach (var model in models.All)
        {
            try
            {
                if (!model.Inputs.Any(input => input.IsBatched))
                {
                    bench.Report.Note($"{model.Name} takes one row only.");
                    continue;
                }

                var (overOne, overBest) = await MeasureAsync(bench, model, sizes, table, loops, cancellationToken);
                bench.Report.Judge($"{model.Name}: learned over the best of the sweep", overBest, "×", Target.AtLeast(LeastOfBest));
                if (gaining.Contains(model.Name))
                {
                    bench.Report.Judge($"{model.Name}: learned over no batching", overOne, "×", Target.AtLeast(LeastGain));
                }
                else if (convolutional.Contains(model.Name))
                {
                    bench.Report.Judge($"{model.Name}: learned over no batching", overOne, "×", Target.AtLeast(LeastOfUnbatched));
                }
            }
            catch (LoadException exception)
            {
                bench.Report.Note($"{model.Name} is left out: {exception.Message.Split('\n')[0]}");
            }
        }
    }

    private static async Task<(double OverOne, double OverBest)> MeasureAsync(
        Workbench bench, BenchModel model, int[] sizes, Table table, Table loops, CancellationToken cancellationToken)
    {
        var served = model.HasBatchDimension ? sizes : [1];
        var repository = new RepositoryFolder(bench).Add(model, Learned);
        foreach (var size in served)
        {
            repository.Add(model, NameOf(size), Configuration(size));
        }

        await using var server = await BedplateServer.StartAsync(repository, [], cancellationToken);
        var duration = DurationFor(bench, model);
        bench.Report.Progress($"{model.Name}: learning");
        await LoadAsync(Learned, duration > LearningTime ? duration : LearningTime);
        var turns = await bench.Rounds(quick: 1, full: 7).RunAsync<BenchResult>(
            [.. served.Select(size => NameOf(size)).Append(Learned).Select(name => new Rounds.Subject<BenchResult>(name, () => LoadAsync(name, duration)))]);
        var learned = turns[^1];
        var rows = Sample.MedianOf(learned.Select(turn => turn.AverageBatch));
        var overOne = Rounds.Ratio(learned, turns[0], turn => turn.PerSecond);
        var overBest = served.Length > 1
            ? Rounds.Ratio(learned, turns.SkipLast(1).MaxBy(PerSecond)!, turn => turn.PerSecond)
            : await BareSweep.MeasureAsync(bench, model, sizes, Math.Max(1, (int)Math.Round(rows)), loops);
        table.Add([
            model.Name, .. sizes.Select((_, i) => (object)(i < served.Length ? PerSecond(turns[i]) : double.NaN)),
            PerSecond(learned), rows, overOne, overBest]);
        return (overOne, overBest);

        async Task<BenchResult> LoadAsync(string name, TimeSpan time) =>
            (await new BedplateBench { Url = server.Http, Model = model, ServedAs = name, Concurrency = Concurrency, Duration = time }
                .RunAsync(bench, cancellationToken)).RequireSuccess($"{model.Name}, {name}");
    }

    private static string NameOf(int size) => $"fixed-{size}";

    // Without a largest batch, the section only says that nothing is to be learned.
    private static string Configuration(int size) => size == 1
        ? "dynamic_batching { }"
        : $"max_batch_size: {size} dynamic_batching {{ max_queue_delay_microseconds: {QueueDelayMicroseconds} }}";

    private static TimeSpan DurationFor(Workbench bench, BenchModel model)
    {
        using var loop = new BareLoop(model);
        var millisecondsOfRow = loop.Run(threads: 1, TimeSpan.FromMilliseconds(200)).P50;
        var needed = TimeSpan.FromMilliseconds(AnswersEach * Concurrency * millisecondsOfRow / Environment.ProcessorCount);
        var wanted = bench.Options.PickSeconds(quick: 1, full: 8);
        return needed > wanted ? needed : wanted;
    }

    private static double PerSecond(BenchResult[] turns) => Sample.MedianOf(turns.Select(turn => turn.PerSecond));
}
