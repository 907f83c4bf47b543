using System.Text.Json;

namespace Bedplate.Bench.Load.Generators;

/// <summary>The figures of a level of <c>bedplate bench</c>; docs/guides/benchmarking.md says what each means.</summary>
internal sealed class BenchResult(JsonElement level)
{
    /// <summary>Answers per second.</summary>
    public double PerSecond => Number("throughput_per_second");

    /// <summary>Answers within the deadline, per second.</summary>
    public double GoodPerSecond => Number("goodput_per_second");

    /// <summary>Mean latency of answers in milliseconds.</summary>
    public double Mean => Number("latency_avg_us") / 1000;

    /// <summary>Median latency of answers in milliseconds.</summary>
    public double P50 => Number("latency_p50_us") / 1000;

    /// <summary>99th percentile of the latency of answers in milliseconds.</summary>
    public double P99 => Number("latency_p99_us") / 1000;

    /// <summary>Requests that were not answered, refusals included.</summary>
    public double Failed => Number("failed");

    /// <summary>Requests that the server refused.</summary>
    public double Refused => Number("refused");

    /// <summary>Requests that the server took, and whose deadline passed there.</summary>
    public double Expired => Number("expired");

    /// <summary>99th percentile of the latency of refusals in milliseconds.</summary>
    public double RefusedP99 => Number("refused_latency_p99_us") / 1000;

    /// <summary>Longest latency of a refusal in milliseconds.</summary>
    public double RefusedMax => Number("refused_latency_max_us") / 1000;

    /// <summary>The runtime's own run, mean per request, in milliseconds.</summary>
    public double ServerInfer => Number("server_infer_us") / 1000;

    /// <summary>What requests waited for the runtime's run to begin, mean per request, in milliseconds.</summary>
    public double ServerQueue => Number("server_queue_us") / 1000;

    /// <summary>Rows per execution.</summary>
    public double AverageBatch => Number("server_average_batch");

    /// <summary>Seconds that the figures cover.</summary>
    public double Seconds => Number("seconds");

    /// <summary>Share of one processor that the generator used.</summary>
    public double ClientProcessors => Number("client_cpu_us_per_request") * PerSecond / 1e6;

    /// <summary>What the first failures said; empty when none.</summary>
    public string Failures => string.Join("; ", level.GetProperty("failures").EnumerateArray()
        .Select(failure => $"{failure.GetProperty("count")} × {failure.GetProperty("kind")}: {failure.GetProperty("first_message")}"));

    /// <summary>Ends the measurement when requests failed.</summary>
    public BenchResult RequireSuccess(string what) => Failed == 0
        ? this
        : throw new LoadException($"{what}: requests failed, so that the figures would say nothing: {Failures}");

    // A figure there is none of (no refusals, no statistics) is not a number.
    private double Number(string name) =>
        level.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : double.NaN;
}
