using System.Buffers;
using System.Text;
using System.Text.Json;
using Bedplate.Bench.Clients.OpenInference;
using Bedplate.Bench.Load;

namespace Bedplate.Bench.Output;

/// <summary>One JSON document: what was asked for, the levels, and what a search or a verification found.</summary>
internal static class JsonReport
{
    public static void Write(TextWriter writer, BenchReport report)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true }))
        {
            WriteDocument(json, report);
        }

        writer.WriteLine(Encoding.UTF8.GetString(bytes.WrittenSpan));
    }

    private static void WriteDocument(Utf8JsonWriter json, BenchReport report)
    {
        json.WriteStartObject();
        WriteRun(json, report);
        json.WriteStartArray("levels");
        foreach (var level in report.Levels)
        {
            WriteLevel(json, report.Options, level);
        }

        json.WriteEndArray();
        if (report.Options.LatencyThreshold is { } threshold)
        {
            json.WriteStartObject("limit");
            json.WriteNumber("latency_us", threshold.TotalMicroseconds);
            WriteValue(json, "highest_level", report.Best);
            json.WriteEndObject();
        }

        WriteVerification(json, report);
        json.WriteEndObject();
    }

    private static void WriteRun(Utf8JsonWriter json, BenchReport report)
    {
        var options = report.Options;
        json.WriteString("target", options.Target.ToString());
        json.WriteString("model", options.Model);
        json.WriteString("model_version", options.ModelVersion);
        json.WriteString("platform", report.Model.Platform);
        json.WriteString("protocol", options.Target.Protocol == InferenceProtocol.Grpc ? "grpc" : "http");
        json.WriteString("tensor_format", options.HttpFormat == HttpFormat.Json ? "json" : "binary");
        json.WriteNumber("batch_size", options.BatchSize);
        json.WriteNumber("distinct_inputs", report.DistinctInputs);
        json.WriteNumber("threads", options.Threads);
        json.WriteNumber("seed", options.Seed);
        json.WriteString("distribution", options.Distribution == ArrivalDistribution.Poisson ? "poisson" : "constant");
        WriteValue(json, "judged_by_percentile", options.Percentile);
        WriteValue(json, "deadline_ms", options.Deadline?.TotalMilliseconds);
    }

    private static void WriteLevel(Utf8JsonWriter json, BenchOptions options, BenchReport.MeasuredLevel level)
    {
        json.WriteStartObject();
        foreach (var (name, value) in LevelFields.Of(options, level))
        {
            WriteValue(json, name, value);
        }

        json.WriteStartArray("failures");
        foreach (var (outcome, failure) in level.Result.Totals.Failures.OrderByDescending(failure => failure.Value.Count))
        {
            json.WriteStartObject();
            json.WriteString("kind", outcome.ToString());
            json.WriteNumber("count", failure.Count);
            json.WriteString("first_message", failure.FirstMessage);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("server_batches");
        foreach (var (size, duration) in (level.Result.Server ?? new ServerStatistics()).Batches)
        {
            json.WriteStartObject();
            json.WriteNumber("batch_size", size);
            json.WriteNumber("executions", duration.Count);
            json.WriteNumber("infer_us", Math.Round(duration.MeanNanoseconds / 1000, 3));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteVerification(Utf8JsonWriter json, BenchReport report)
    {
        if (report.Verifier is not { } verifier)
        {
            return;
        }

        json.WriteStartObject("verification");
        json.WriteNumber("checked", verifier.Checked);
        json.WriteNumber("wrong", verifier.Wrong);
        json.WriteStartArray("mismatches");
        foreach (var mismatch in verifier.Mismatches)
        {
            json.WriteStartObject();
            json.WriteNumber("request", mismatch.RequestNumber);
            json.WriteNumber("input", mismatch.InputIndex);
            json.WriteString("output", mismatch.Output);
            json.WriteNumber("index", mismatch.Index);
            json.WriteString("expected", mismatch.Expected);
            json.WriteString("actual", mismatch.Actual);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter json, string name, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNull(name);
                break;
            case bool flag:
                json.WriteBoolean(name, flag);
                break;
            case long number:
                json.WriteNumber(name, number);
                break;
            case double number:
                json.WriteNumber(name, Math.Round(number, 3));
                break;
            default:
                json.WriteString(name, value.ToString());
                break;
        }
    }
}
