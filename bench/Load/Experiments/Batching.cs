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
    private const double LeastGain = 2;
    private const double LeastOfUnbatched = 0.97;
    private const double LeastOfBest = 0.95;

    // A measurement sees each of the requests in flight answered about so often.
    private const int AnswersEach = 4;

    // What a shared machine gives from one second to the next differs by a tenth and more, which many short turns show for
    // what it is and a few long ones do not.
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(1);

    // From one row to the most a handful of comparisons, each a second or two.
    private static readonly TimeSpan LearningTime = TimeSpan.FromSeconds(10);

    // Of each size; the loop has been warmed up before.
    private static readonly TimeSpan LoopTime = TimeSpan.FromSeconds(1);

    private static readonly int[] QuickSizes = [1, 8, 64];
    private static readonly int[] AllSizes = [1, 2, 4, 8, 16, 32, 64];

    public string Name => "batching";

    public string Summary => $"Throughput with {Concurrency} requests in flight: the learned batch size against every fixed one and against none.";

    public async Task RunAsync(Workbench bench, CancellationToken cancellationToken)
    {
        var sizes = bench.Options.IsFull ? AllSizes : QuickSizes;
        var table = bench.Report.Table(
            $"Requests per second over HTTP binary, {Concurrency} in flight, by fixed batch size (max_batch_size, "
            + $"max_queue_delay_microseconds {BatchingServers.QueueDelayMicroseconds}; where a model's rows do not lie in the first dimension of all "
            + "tensors and no configuration can declare them: learned, with this as the most rows); medians",
            ["model", .. sizes.Select(size => $"{size}"), BatchingServers.Learned, "learned rows", "over 1", "over the best", "the runtime alone"]);
        var models = bench.Models;
        var gaining = new[] { DemoModels.Voice, models.Tabular, models.GeneratedTabular }.Select(model => model.Name).ToHashSet();
        var convolutional = new[] { models.Convolution, models.GeneratedConvolution, DemoModels.Recognition }.Select(model => model.Name).ToHashSet();
        bench.Report.Note(
            "The runtime alone: rows per second of a loop over the runtime, with as many threads as processors, of the best of these sizes "
            + "over one row at a time. A server also saves or spends what taking requests and handing them on costs.");
        foreach (var model in models.All)
        {
            try
            {
                if (!model.Inputs.Any(input => input.IsBatched))
                {
                    bench.Report.Note($"{model.Name} takes one row only.");
                    continue;
                }

                var (overOne, overBest) = await MeasureAsync(bench, model, sizes, table, cancellationToken);
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
        Workbench bench, BenchModel model, int[] sizes, Table table, CancellationToken cancellationToken)
    {
        var duration = DurationFor(model);
        await using var servers = await BatchingServers.StartAsync(bench, model, sizes, cancellationToken);
        bench.Report.Progress($"{model.Name}: learning");
        foreach (var learner in servers.Learners)
        {
            await LoadAsync(learner, duration > LearningTime ? duration : LearningTime);
        }

        var turns = await bench.Rounds(quick: 3, full: 7).RunAsync<BenchResult>(
            [.. servers.Subjects.Select(subject => new Rounds.Subject<BenchResult>(subject.ServedAs, () => LoadAsync(subject, duration)))]);
        var learned = turns[^1];
        var overOne = Rounds.Ratio(learned, turns[0], turn => turn.PerSecond);
        var overBest = Rounds.Ratio(learned, turns.SkipLast(1).MaxBy(PerSecond)!, turn => turn.PerSecond);
        table.Add([
            model.HasBatchDimension ? model.Name : $"{model.Name} (bounded)", .. turns.SkipLast(1).Select(turn => (object)PerSecond(turn)),
            PerSecond(learned), Sample.MedianOf(learned.Select(turn => turn.AverageBatch)), overOne, overBest, GainOfRuntime(model, sizes)]);
        return (overOne, overBest);

        async Task<BenchResult> LoadAsync(BatchingServers.Subject subject, TimeSpan time) =>
            (await new BedplateBench { Url = subject.Url, Model = model, ServedAs = subject.ServedAs, Concurrency = Concurrency, Duration = time }
                .RunAsync(bench, cancellationToken)).RequireSuccess($"{model.Name}, {subject.ServedAs}");
    }

    private static double GainOfRuntime(BenchModel model, int[] sizes)
    {
        var rates = sizes.Select(rows =>
        {
            using var loop = new BareLoop(model, rows);
            loop.Run(Environment.ProcessorCount, LoopTime / 4);
            return rows * loop.Run(Environment.ProcessorCount, LoopTime).PerSecond;
        }).ToList();
        return rates.Max() / rates[0];
    }

    private static TimeSpan DurationFor(BenchModel model)
    {
        using var loop = new BareLoop(model);
        var millisecondsOfRow = loop.Run(threads: 1, TimeSpan.FromMilliseconds(200)).P50;
        var needed = TimeSpan.FromMilliseconds(AnswersEach * Concurrency * millisecondsOfRow / Environment.ProcessorCount);
        return needed > Turn ? needed : Turn;
    }

    private static double PerSecond(BenchResult[] turns) => Sample.MedianOf(turns.Select(turn => turn.PerSecond));
}
