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
        var duration = bench.Options.PickSeconds(quick: 3, full: 10);
        await using var server = await BedplateServer.StartAsync(new RepositoryFolder(bench).Add(model), [], cancellationToken);
        using var loop = new BareLoop(model);
        var turns = await bench.Rounds(quick: 5, full: 11).RunAsync<Turn>(
            new($"loop over {model.Name}", () =>
            {
                var result = loop.Run(threads: 1, duration);
                return Task.FromResult(new Turn(result.P50, result.P50, 0));
            }),
            new($"Bedplate, {model.Name}", async () =>
            {
                var result = (await new BedplateBench { Url = server.Http, Model = model, Duration = duration }
                    .RunAsync(bench, cancellationToken)).RequireSuccess(model.Name);
                return new Turn(result.P50, result.ServerInfer, result.Mean - result.ServerInfer);
            }));
        var added = 1000 * Sample.MedianOf(turns[1].Select(turn => turn.Added));
        bench.Report.Table("Milliseconds, medians of the rounds", "", "whole request, p50", "runtime's run", "difference of the means")
            .Add("Bedplate", Median(turns[1], turn => turn.Whole), Median(turns[1], turn => turn.Run), Median(turns[1], turn => turn.Added))
            .Add("loop over the runtime", Median(turns[0], turn => turn.Whole), Median(turns[0], turn => turn.Run), 0.0);
        bench.Report.Judge("added end to end to the runtime's run, of the same requests", added, "µs", Target.AtMost(MostMicroseconds));
        bench.Report.Note(
            "The runtime's run is taken from the server's statistics of the very requests whose latency is measured: against the loop's, "
            + "the model's own scatter would be larger than what is looked for. The time includes sending and receiving in the generator.");
    }

    private static double Median(Turn[] turns, Func<Turn, double> figure) => Sample.MedianOf(turns.Select(figure));

    private sealed record Turn(double Whole, double Run, double Added);
}
