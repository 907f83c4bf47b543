using Bedplate.Bench.Load.Models;
using Bedplate.Bench.Load.Results;

namespace Bedplate.Bench.Load.Measurement;

/// <summary>
/// What a model gives the runtime's own loop at each batch size: what a learned size is held against where no
/// configuration can fix one, as the rows do not lie in the first dimension of all tensors.
/// </summary>
internal static class BareSweep
{
    /// <summary>Rows per second at the size that was learned over those at the best of some sizes.</summary>
    public static async Task<double> MeasureAsync(Workbench bench, BenchModel model, int[] sizes, int learnedRows, Table table)
    {
        var duration = bench.Options.PickSeconds(quick: 0.5, full: 4);
        var loops = sizes.Append(learnedRows).Select(rows => (Rows: rows, Loop: new BareLoop(model, rows))).ToList();
        try
        {
            var turns = await bench.Rounds(quick: 1, full: 7).RunAsync<double>([.. loops.Select(each => new Rounds.Subject<double>(
                $"loop over {each.Rows} rows",
                () => Task.FromResult(each.Rows * each.Loop.Run(Environment.ProcessorCount, duration).PerSecond)))]);
            var best = turns.SkipLast(1).MaxBy(Sample.MedianOf)!;
            var overBest = Rounds.Ratio(turns[^1], best, rowsPerSecond => rowsPerSecond);
            table.Add([
                model.Name, .. turns.SkipLast(1).Select(turn => (object)Sample.MedianOf(turn)),
                $"{learnedRows}: {Table.Text(Sample.MedianOf(turns[^1]))}", overBest]);
            return overBest;
        }
        finally
        {
            loops.ForEach(each => each.Loop.Dispose());
        }
    }
}
