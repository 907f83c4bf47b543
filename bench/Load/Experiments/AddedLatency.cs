using Bedplate.Bench.Load.Generators;
using Bedplate.Bench.Load.Measurement;
using Bedplate.Bench.Load.Models;
using Bedplate.Bench.Load.Results;
using Bedplate.Bench.Load.Servers;

namespace Bedplate.Bench.Load.Experiments;

/// <summary>How long a request with a picture takes beyond the runtime's own run, one request at a time.</summary>
internal sealed class AddedLatency : IExperiment
{
    private const double MostMicroseconds = 150;

    public string Name => "added-latency";

    public string Summary => "Time that a request of 600 KB over HTTP binary takes beyond the runtime's own run, one at a time.";

    public async Task RunAsync(Workbench bench, CancellationToken cancellationToken)
    {
        var model = bench.Models.Convolution;
        var nothing = bench.Models.PictureInput;
        var duration = bench.Options.PickSeconds(quick: 3, full: 10);
        await using var server = await BedplateServer.StartAsync(new RepositoryFolder(bench).Add(model, nothing), [], cancellationToken);
        await using var floor = await FloorServer.StartHttpAsync(model, FloorServer.Inline, cancellationToken);
        await using var floorOfNothing = await FloorServer.StartHttpAsync(nothing, FloorServer.Inline, cancellationToken);
        using var loop = new BareLoop(model);
        var turns = await bench.Rounds(quick: 5, full: 11).RunAsync<Turn>(
            new($"loop over {model.Name}", () =>
            {
                var result = loop.Run(threads: 1, duration);
                return Task.FromResult(new Turn(result.P50, result.P50, result.P50, Wait: 0));
            }),
            Subject("Bedplate", server.Http, model),
            Subject("floor", floor.Url, model),
            Subject("Bedplate", server.Http, nothing),
            Subject("floor", floorOfNothing.Url, nothing));
        var table = bench.Report.Table(
            "Milliseconds, medians of the rounds", "", "whole request, p50", "whole request, mean", "runtime's run", "wait for it", "beyond the run");
        Add("loop over the runtime", turns[0]);
        Add("Bedplate", turns[1]);
        Add("floor", turns[2]);
        Add("Bedplate, a model that does nothing", turns[3]);
        Add("floor, a model that does nothing", turns[4]);
        bench.Report.Judge(
            "added end to end to the runtime's run, of the same requests", 1000 * Median(turns[1], turn => turn.Added), "µs", Target.AtMost(MostMicroseconds));
        bench.Report.Judge("added to the floor", Over(turns[1], turns[2], turn => turn.Mean), "µs", Target.AtMost(MostMicroseconds));
        bench.Report.Judge(
            "added to the floor, with as many bytes to a model that does nothing", Over(turns[3], turns[4], turn => turn.P50), "µs", Target.AtMost(MostMicroseconds));
        bench.Report.Note(
            "The runtime's run is taken from the server's statistics of the very requests whose latency is measured: against the loop's, "
            + "the model's own scatter would be larger than what is looked for. The time includes sending and receiving in the generator. "
            + "What that, the network and Kestrel cost at the least is in the floor's requests, to the same model, and to one that does "
            + "nothing with as many bytes; the floor keeps no account of its runs.");

        Rounds.Subject<Turn> Subject(string what, Uri url, BenchModel asked) => new($"{what}, {asked.Name}", async () =>
        {
            var result = (await new BedplateBench { Url = url, Model = asked, Duration = duration }
                .RunAsync(bench, cancellationToken)).RequireSuccess($"{what}, {asked.Name}");
            return new Turn(result.P50, result.Mean, result.ServerInfer, result.ServerQueue);
        });

        void Add(string what, Turn[] all) => table.Add(
            what, Median(all, turn => turn.P50), Median(all, turn => turn.Mean), Median(all, turn => turn.Run), Median(all, turn => turn.Wait),
            Median(all, turn => turn.Added));
    }

    // Microseconds between two subjects in the same round.
    private static double Over(Turn[] turns, Turn[] others, Func<Turn, double> figure) =>
        Sample.MedianOf(turns.Zip(others, (turn, other) => 1000 * (figure(turn) - figure(other))));

    private static double Median(Turn[] turns, Func<Turn, double> figure) => Sample.MedianOf(turns.Select(figure));

    private sealed record Turn(double P50, double Mean, double Run, double Wait)
    {
        public double Added => Mean - Run;
    }
}
