using System.Globalization;
using Bedplate.Bench.Clients.OpenInference;
using Bedplate.Bench.Load;
using Bedplate.Bench.Measurement;
using Bedplate.Bench.Verification;

namespace Bedplate.Bench.Output;

/// <summary>
/// The report for people: the levels, the server's share of them, and in words what a number must not hide.
/// </summary>
internal static class TableReport
{
    private const int SizesShown = 6;

    // A load thread busier than this cannot be told from a slow server.
    private const double BusyClient = 0.9;

    private static readonly double[] Percentiles = [50, 90, 95, 99, 99.9];

    public static void Write(TextWriter writer, BenchReport report)
    {
        WriteRun(writer, report);
        WriteLevels(writer, report);
        WriteServer(writer, report);
        foreach (var level in report.Levels)
        {
            WriteNotes(writer, report.Options, level);
        }

        WriteFindings(writer, report);
    }

    private static void WriteRun(TextWriter writer, BenchReport report)
    {
        var options = report.Options;
        var format = options.Target.Protocol == InferenceProtocol.Http && options.HttpFormat == HttpFormat.Json ? "JSON" : "binary";
        var gaps = options.Distribution == ArrivalDistribution.Poisson ? "Poisson" : "constant";
        writer.WriteLine(Invariant(
            $"Model {options.Model} at {options.Target}, {format} tensors, batch size {options.BatchSize}, {report.DistinctInputs} distinct requests"));
        writer.WriteLine(options.Mode == LoadMode.Concurrency
            ? "Closed loop; latencies from the send time."
            : $"Open loop, {gaps} gaps; latencies from the intended send time.");
        writer.WriteLine();
    }

    private static void WriteLevels(TextWriter writer, BenchReport report)
    {
        var options = report.Options;
        var hasDeadline = options.Deadline is not null;
        double[] percentiles = options.Percentile is { } judged
            ? [.. Percentiles.Append(judged).Distinct().Order()]
            : Percentiles;
        string[] headings =
        [
            LevelHeading(options), "answers/s", .. hasDeadline ? ["in time/s"] : Array.Empty<string>(),
            "avg ms", .. percentiles.Select(percentile => Invariant($"p{percentile:0.###}")), "max", "failed",
            "client µs/req", "stable",
        ];
        var table = new TextTable(headings);
        foreach (var (result, _) in report.Levels)
        {
            var latency = result.Totals.Latency;
            table.Add(
            [
                Level(result), Rate(result.Throughput), .. hasDeadline ? [Rate(result.Goodput)] : Array.Empty<string>(),
                Milliseconds(latency.MeanNanoseconds),
                .. percentiles.Select(percentile => Milliseconds(latency.Percentile(percentile))),
                Milliseconds(latency.MaxNanoseconds), Invariant($"{result.Totals.Failed}"),
                Invariant($"{result.ClientCpuMicroseconds:0.0}"), result.IsStable ? "yes" : "no",
            ]);
        }

        table.Write(writer);
        writer.WriteLine();
    }

    private static void WriteServer(TextWriter writer, BenchReport report)
    {
        if (report.Levels.All(level => level.Result.Server is not { Success.Count: > 0 }))
        {
            writer.WriteLine("The server gives no statistics for this model, so its share of the latency is not known.");
            writer.WriteLine();
            return;
        }

        var table = new TextTable(
            LevelHeading(report.Options), "queue µs", "input", "infer", "output", "server", "overhead", "executions",
            "avg batch", "batch sizes");
        foreach (var (result, _) in report.Levels)
        {
            if (result.Server is { Success.Count: > 0 } server)
            {
                table.Add(
                    Level(result), Microseconds(server.Queue), Microseconds(server.ComputeInput),
                    Microseconds(server.ComputeInfer), Microseconds(server.ComputeOutput), Microseconds(server.Success),
                    Invariant($"{result.OverheadMicroseconds:0.#}"),
                    Invariant($"{server.Executions}"),
                    server.Executions == 0 ? "" : Invariant($"{(double)server.Inferences / server.Executions:0.##}"),
                    SizesExecuted(server));
            }
        }

        table.Write(writer);
        writer.WriteLine();
    }

    // The few sizes that made up most of the rows; JSON and CSV have them all.
    private static string SizesExecuted(ServerStatistics server)
    {
        var byRows = server.Batches.OrderByDescending(batch => batch.Key * batch.Value.Count).ToList();
        var shown = byRows.Take(SizesShown).OrderBy(batch => batch.Key).Select(batch => Invariant($"{batch.Key}×{batch.Value.Count}"));
        return string.Join(' ', shown) + (byRows.Count > SizesShown ? Invariant($" and {byRows.Count - SizesShown} more") : "");
    }

    private static void WriteNotes(TextWriter writer, BenchOptions options, BenchReport.MeasuredLevel level)
    {
        var result = level.Result;
        var totals = result.Totals;
        void Note(string text) => writer.WriteLine($"{result.Level}: {text}");

        foreach (var (outcome, failure) in totals.Failures.OrderByDescending(failure => failure.Value.Count))
        {
            var message = string.IsNullOrEmpty(failure.FirstMessage) ? "" : $", first: {failure.FirstMessage}";
            Note(Invariant($"{failure.Count} × {outcome}{message}"));
        }

        if (totals.Refused > 0)
        {
            var refused = totals.RefusedLatency;
            Note($"refused requests took avg {Milliseconds(refused.MeanNanoseconds)} ms, p99 {Milliseconds(refused.Percentile(99))} ms, and are not in the latencies above.");
        }

        if (totals.SendLag.Count > 0)
        {
            var lag = totals.SendLag;
            Note($"send lag p50 {Milliseconds(lag.Percentile(50))} ms, p99 {Milliseconds(lag.Percentile(99))} ms, max {Milliseconds(lag.MaxNanoseconds)} ms.");
        }

        if (totals.HeldBack > 0)
        {
            Note(Invariant($"{totals.HeldBack} requests were sent late because --max-in-flight {options.MaxInFlight} was reached; their latency counts from when they were due."));
        }

        if (totals.Unsent > 0)
        {
            Note(Invariant($"{totals.Unsent} requests were due and never sent: the server does not keep up, and its latencies are higher than shown."));
        }

        if (totals.Abandoned > 0)
        {
            Note(Invariant($"{totals.Abandoned} requests were still unanswered at the end and are in no latency."));
        }

        if (result.ClientUtilization > BusyClient)
        {
            Note(Invariant($"the load threads were {result.ClientUtilization:P0} busy, so the client may be what limits; raise --threads."));
        }

        if (result.IsInterrupted)
        {
            Note("interrupted; the figures are of what was measured until then.");
        }
        else if (!result.IsStable)
        {
            Note(Invariant($"not stable within {options.StabilityPercentage} % after {result.Windows} windows; the figures are of the last {Math.Min(result.Windows, StabilityRule.Windows)}."));
        }
    }

    private static void WriteFindings(TextWriter writer, BenchReport report)
    {
        if (report.Options.LatencyThreshold is { } threshold)
        {
            var judged = report.Options.Percentile is { } percentile ? Invariant($"p{percentile:0.###}") : "average";
            var limit = Invariant($"{judged} latency within {threshold.TotalMilliseconds:0.###} ms");
            writer.WriteLine(report.Best is { } best
                ? $"Highest level with {limit}: {new LoadLevel(report.Options.Mode, best)}."
                : $"No level kept the {limit}.");
        }

        if (report.Verifier is { } verifier)
        {
            writer.WriteLine(Invariant($"Verified {verifier.Checked} answers: {verifier.Wrong} wrong."));
            foreach (var mismatch in verifier.Mismatches)
            {
                writer.WriteLine($"  {mismatch}");
            }

            if (verifier.Wrong > Verifier.LargestKept)
            {
                writer.WriteLine(Invariant($"  … and {verifier.Wrong - Verifier.LargestKept} more."));
            }
        }
    }

    private static string LevelHeading(BenchOptions options) => options.Mode == LoadMode.Concurrency ? "concurrency" : "requests/s";

    private static string Level(LevelResult result) => Invariant($"{result.Level.Value:0.##}");

    private static string Rate(double perSecond) => Invariant($"{perSecond:0.0}");

    private static string Milliseconds(double nanoseconds) => Invariant($"{nanoseconds / 1e6:0.000}");

    private static string Microseconds(ServerStatistics.Duration duration) => Invariant($"{duration.MeanNanoseconds / 1000:0.#}");

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
