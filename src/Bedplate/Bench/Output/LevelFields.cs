using Bedplate.Bench.Load;
using Bedplate.Bench.Measurement;

namespace Bedplate.Bench.Output;

/// <summary>
/// The figures of a level, named: the columns of the CSV and the properties of the JSON; docs/guides/benchmarking.md
/// lists them; a test holds the two together.
/// </summary>
internal static class LevelFields
{
    /// <summary>
    /// The figures in their order; a value is a bool, long, double, string, or null where there is none.
    /// </summary>
    public static IReadOnlyList<(string Name, object? Value)> Of(BenchOptions options, BenchReport.MeasuredLevel level)
    {
        var result = level.Result;
        var totals = result.Totals;
        var fields = new List<(string, object?)>
        {
            ("mode", result.Level.Mode == LoadMode.Concurrency ? "concurrency" : "request_rate"),
            ("level", result.Level.Value),
            ("windows", (long)result.Windows),
            ("stable", result.IsStable),
            ("interrupted", result.IsInterrupted),
            ("seconds", result.Seconds),
            ("sent", totals.Sent),
            ("answered", totals.Answered),
            ("failed", totals.Failed),
            ("refused", totals.Refused),
            ("expired", totals.Expired),
            ("abandoned", totals.Abandoned),
            ("unsent", totals.Unsent),
            ("held_back", totals.HeldBack),
            ("throughput_per_second", result.Throughput),
            ("inferences_per_second", result.Throughput * options.BatchSize),
            ("goodput_per_second", options.Deadline is null ? null : result.Goodput),
            ("latency_avg_us", Microseconds(totals.Latency.MeanNanoseconds)),
        };
        AddPercentiles(fields, "latency", totals.Latency);
        fields.Add(("latency_judged_us", Microseconds(result.JudgedNanoseconds(options.Percentile))));
        fields.Add(("within_limit", level.KeptLimit));
        fields.Add(("refused_latency_avg_us", totals.Refused == 0 ? null : Microseconds(totals.RefusedLatency.MeanNanoseconds)));
        fields.Add(("refused_latency_p99_us", totals.Refused == 0 ? null : Microseconds(totals.RefusedLatency.Percentile(99))));
        fields.Add(("refused_latency_max_us", totals.Refused == 0 ? null : Microseconds(totals.RefusedLatency.MaxNanoseconds)));
        AddSendLag(fields, totals);
        fields.Add(("receive_avg_us", result.ReceiveMicroseconds));
        fields.Add(("client_cpu_us_per_request", result.ClientCpuMicroseconds));
        fields.Add(("client_utilization", result.ClientUtilization));
        AddServer(fields, result);
        return fields;
    }

    private static void AddPercentiles(List<(string, object?)> fields, string name, LatencyHistogram histogram)
    {
        foreach (var (suffix, percentile) in (ReadOnlySpan<(string, double)>)
            [("p50", 50), ("p90", 90), ("p95", 95), ("p99", 99), ("p99_9", 99.9)])
        {
            fields.Add(($"{name}_{suffix}_us", Microseconds(histogram.Percentile(percentile))));
        }

        fields.Add(($"{name}_max_us", Microseconds(histogram.MaxNanoseconds)));
    }

    private static void AddSendLag(List<(string, object?)> fields, LoadRecord totals)
    {
        var lag = totals.SendLag;
        fields.Add(("send_lag_p50_us", lag.Count == 0 ? null : Microseconds(lag.Percentile(50))));
        fields.Add(("send_lag_p99_us", lag.Count == 0 ? null : Microseconds(lag.Percentile(99))));
        fields.Add(("send_lag_max_us", lag.Count == 0 ? null : Microseconds(lag.MaxNanoseconds)));
    }

    private static void AddServer(List<(string, object?)> fields, LevelResult result)
    {
        var server = result.Server;
        fields.Add(("server_requests", server?.Success.Count));
        fields.Add(("server_queue_us", Mean(server?.Queue.MeanNanoseconds)));
        fields.Add(("server_input_us", Mean(server?.ComputeInput.MeanNanoseconds)));
        fields.Add(("server_infer_us", Mean(server?.ComputeInfer.MeanNanoseconds)));
        fields.Add(("server_output_us", Mean(server?.ComputeOutput.MeanNanoseconds)));
        fields.Add(("server_total_us", Mean(server?.Success.MeanNanoseconds)));
        fields.Add(("overhead_us", result.OverheadMicroseconds));
        fields.Add(("server_inferences", server?.Inferences));
        fields.Add(("server_executions", server?.Executions));
        fields.Add(("server_average_batch", server is { Executions: > 0 } ? (double)server.Inferences / server.Executions : null));

        static object? Mean(double? nanoseconds) => nanoseconds is { } value ? Microseconds(value) : null;
    }

    private static object Microseconds(double nanoseconds) => nanoseconds / 1000;
}
