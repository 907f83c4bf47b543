using System.Text.Json;
using Bedplate.Inference.Models;
using Bedplate.Inference.Statistics;
using Microsoft.AspNetCore.Http;

namespace Bedplate.Protocols.OpenInference.Rest;

/// <summary>Triton's statistics extension: what models have done since the server began.</summary>
internal sealed class StatisticsEndpoint(OpenInferenceService service)
{
    /// <summary><c>GET /v2/models/stats</c>: all models that take requests.</summary>
    public Task AllAsync(HttpContext context) => SendAsync(context, service.Engine.Models.Served);

    /// <summary><c>GET /v2/models/{model}[/versions/{version}]/stats</c>: one version, or all of them that take requests.</summary>
    public Task ModelAsync(HttpContext context, ReadOnlySpan<char> name, ReadOnlySpan<char> version)
    {
        if (service.Find(name, version, out var model, out var status) != ModelLookup.Found)
        {
            return RestReply.ErrorAsync(context, status);
        }

        return SendAsync(context, version.IsEmpty ? service.Engine.Models.VersionsOf(model!.Name) : [model!]);
    }

    private static Task SendAsync(HttpContext context, IEnumerable<ServedModel> models)
    {
        var (buffer, writer) = RestReply.Begin();
        writer.WriteStartObject();
        writer.WriteStartArray("model_stats"u8);
        foreach (var model in models)
        {
            Write(writer, model, model.Statistics.ToSnapshot());
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        return RestReply.SendAsync(context, buffer, writer);
    }

    private static void Write(Utf8JsonWriter writer, ServedModel model, ModelStatisticsSnapshot snapshot)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, model.Name);
        writer.WriteString("version"u8, model.VersionText);
        writer.WriteNumber("last_inference"u8, snapshot.LastInference?.ToUnixTimeMilliseconds() ?? 0);
        writer.WriteNumber("inference_count"u8, snapshot.InferenceCount);
        writer.WriteNumber("execution_count"u8, snapshot.ExecutionCount);

        writer.WriteStartObject("inference_stats"u8);
        WriteDuration(writer, "success", snapshot, snapshot.Success);
        WriteDuration(writer, "fail", snapshot, snapshot.Fail);
        WriteDuration(writer, "queue", snapshot, snapshot.Queue);
        WriteDuration(writer, "compute_input", snapshot, snapshot.ComputeInput);
        WriteDuration(writer, "compute_infer", snapshot, snapshot.ComputeInfer);
        WriteDuration(writer, "compute_output", snapshot, snapshot.ComputeOutput);
        WriteDuration(writer, "cache_hit", snapshot, default);
        WriteDuration(writer, "cache_miss", snapshot, default);
        writer.WriteEndObject();

        // Kept for models with several responses, of which none is served over REST.
        writer.WriteStartObject("response_stats"u8);
        writer.WriteEndObject();

        writer.WriteStartArray("batch_stats"u8);
        foreach (var batch in snapshot.Batches)
        {
            writer.WriteStartObject();
            writer.WriteNumber("batch_size"u8, batch.BatchSize);
            WriteDuration(writer, "compute_input", snapshot, batch.ComputeInput);
            WriteDuration(writer, "compute_infer", snapshot, batch.ComputeInfer);
            WriteDuration(writer, "compute_output", snapshot, batch.ComputeOutput);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        WriteMemory(writer, model.MemoryBytes);
        writer.WriteEndObject();
    }

    private static void WriteMemory(Utf8JsonWriter writer, long bytes)
    {
        writer.WriteStartArray("memory_usage"u8);
        if (bytes > 0)
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, "CPU"u8);
            writer.WriteNumber("id"u8, 0);
            writer.WriteNumber("byte_size"u8, bytes);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteDuration(Utf8JsonWriter writer, string key, ModelStatisticsSnapshot snapshot, DurationCount duration)
    {
        writer.WriteStartObject(key);
        writer.WriteNumber("count"u8, duration.Count);
        writer.WriteNumber("ns"u8, snapshot.Nanoseconds(duration.Ticks));
        writer.WriteEndObject();
    }
}
