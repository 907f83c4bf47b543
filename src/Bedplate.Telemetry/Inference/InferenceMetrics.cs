using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Inference.Statistics;
using Bedplate.Telemetry.Prometheus;

namespace Bedplate.Telemetry.Inference;

/// <summary>
/// What the engine's models have done, under the names Triton's dashboards know (nv_inference_*, labels model and
/// version), and the distributions that those lack under names of our own. Read from the engine's statistics at each
/// scrape; nothing is counted twice.
/// </summary>
internal sealed class InferenceMetrics(InferenceEngine engine)
{
    private static readonly (string Name, string Help, Func<ModelStatisticsSnapshot, DurationCount> Select)[] Durations =
    [
        ("nv_inference_request_duration_us", "Cumulative inference request duration in microseconds (includes cached requests)", s => s.Success),
        ("nv_inference_queue_duration_us", "Cumulative inference queuing duration in microseconds (includes cached requests)", s => s.Queue),
        ("nv_inference_compute_input_duration_us", "Cumulative compute input duration in microseconds (does not include cached requests)", s => s.ComputeInput),
        ("nv_inference_compute_infer_duration_us", "Cumulative compute inference duration in microseconds (does not include cached requests)", s => s.ComputeInfer),
        ("nv_inference_compute_output_duration_us", "Cumulative inference compute output duration in microseconds (does not include cached requests)", s => s.ComputeOutput),
    ];

    private static readonly (string Name, string Help, InferenceStage Stage)[] Histograms =
    [
        ("bedplate_inference_request_seconds", "Time from a request's submission to its answer", InferenceStage.Request),
        ("bedplate_inference_queue_seconds", "Time a request waited for a slot", InferenceStage.Queue),
        ("bedplate_inference_compute_input_seconds", "Time to get an execution's inputs ready for the runtime", InferenceStage.ComputeInput),
        ("bedplate_inference_compute_infer_seconds", "Time the runtime itself took", InferenceStage.ComputeInfer),
        ("bedplate_inference_compute_output_seconds", "Time to get an execution's outputs out of the runtime", InferenceStage.ComputeOutput),
    ];

    public void Write(PrometheusWriter writer)
    {
        var models = engine.Models.Served
            .Select(model => new Row(model, $"{PrometheusWriter.Label("model", model.Name)},{PrometheusWriter.Label("version", model.VersionText)}", model.Statistics.ToSnapshot()))
            .ToList();

        Counter(writer, models, "nv_inference_request_success", "Number of successful inference requests, all batch sizes", s => s.Success.Count);
        WriteFailures(writer, models);
        Counter(writer, models, "nv_inference_count", "Number of inferences performed (does not include cached requests)", s => s.InferenceCount);
        Counter(writer, models, "nv_inference_exec_count", "Number of model executions performed (does not include cached requests)", s => s.ExecutionCount);
        foreach (var (name, help, select) in Durations)
        {
            Counter(writer, models, name, help, s => s.Nanoseconds(select(s).Ticks) / 1000);
        }

        writer.BeginFamily("nv_inference_pending_request_count", "gauge", "Instantaneous number of pending requests awaiting execution per-model.");
        foreach (var row in models)
        {
            writer.Sample("nv_inference_pending_request_count", row.Labels, row.Model.PendingCount);
        }

        foreach (var (name, help, stage) in Histograms)
        {
            writer.BeginFamily(name, "histogram", help);
            foreach (var row in models)
            {
                var histogram = row.Statistics.Histograms[stage];
                writer.Histogram(name, row.Labels, LatencyHistogramSnapshot.BoundSeconds, histogram.Counts, histogram.SumSeconds);
            }
        }
    }

    private static void WriteFailures(PrometheusWriter writer, List<Row> models)
    {
        const string Name = "nv_inference_request_failure";
        writer.BeginFamily(Name, "counter", "Number of failed inference requests, all batch sizes");
        foreach (var row in models)
        {
            var failures = row.Statistics.FailuresByKind;

            // Triton's four reasons; what it calls rejected is what we refused or ran out of time for.
            Write("REJECTED", failures[EndingKind.Shed] + failures[EndingKind.DeadlineExceeded]);
            Write("CANCELED", failures[EndingKind.Cancelled]);
            Write("BACKEND", failures[EndingKind.Failed]);
            Write("OTHER", failures[EndingKind.Invalid]);

            void Write(string reason, long count) =>
                writer.Sample(Name, $"{row.Labels},{PrometheusWriter.Label("reason", reason)}", count);
        }
    }

    private static void Counter(
        PrometheusWriter writer, List<Row> models, string name, string help, Func<ModelStatisticsSnapshot, long> value)
    {
        writer.BeginFamily(name, "counter", help);
        foreach (var row in models)
        {
            writer.Sample(name, row.Labels, value(row.Statistics));
        }
    }

    private sealed record Row(ServedModel Model, string Labels, ModelStatisticsSnapshot Statistics);
}
