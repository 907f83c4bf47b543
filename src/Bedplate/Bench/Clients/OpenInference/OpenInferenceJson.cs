using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Bench.Clients.OpenInference;

/// <summary>The parts that several of the protocol's JSON objects share, and the two that describe a model.</summary>
internal static class OpenInferenceJson
{
    /// <summary>The property "datatype".</summary>
    /// <exception cref="FormatException">It is not one of the protocol's.</exception>
    public static DataType DataType(JsonElement tensor)
    {
        var name = tensor.GetProperty("datatype").GetString() ?? "";
        return ParseType(name);
    }

    /// <summary>A type by its name on the wire.</summary>
    /// <exception cref="FormatException">It is not one of the protocol's.</exception>
    public static DataType ParseType(string name) => DataTypes.TryParse(Encoding.UTF8.GetBytes(name), out var type)
        ? type
        : throw new FormatException($"'{name}' is not a datatype of the protocol");

    /// <summary>The property "shape".</summary>
    /// <exception cref="FormatException">More dimensions than Bedplate carries.</exception>
    public static TensorShape Shape(JsonElement tensor)
    {
        var shape = default(TensorShape);
        foreach (var dimension in tensor.GetProperty("shape").EnumerateArray())
        {
            if (!shape.TryAdd(dimension.GetInt64()))
            {
                throw new FormatException($"a shape has more than {TensorShape.MaxRank} dimensions");
            }
        }

        return shape;
    }

    /// <summary>The answer of GET v2/models/{model}.</summary>
    public static ModelMetadata Metadata(JsonElement model) => new(
        model.GetProperty("name").GetString() ?? "",
        model.TryGetProperty("platform", out var platform) ? platform.GetString() ?? "" : "",
        [.. model.GetProperty("inputs").EnumerateArray().Select(Spec)],
        [.. model.GetProperty("outputs").EnumerateArray().Select(Spec)]);

    /// <summary>The answer of GET v2/models/{model}/stats, over all versions in it.</summary>
    public static ServerStatistics Statistics(JsonElement answer) => answer.GetProperty("model_stats").EnumerateArray()
        .Select(ModelStatistics)
        .Aggregate(new ServerStatistics(), (all, version) => all.Plus(version));

    private static TensorSpec Spec(JsonElement tensor) =>
        new(tensor.GetProperty("name").GetString() ?? "", DataType(tensor), Shape(tensor));

    private static ServerStatistics ModelStatistics(JsonElement model)
    {
        var inference = model.GetProperty("inference_stats");
        var batches = ImmutableSortedDictionary.CreateBuilder<long, ServerStatistics.Duration>();
        if (model.TryGetProperty("batch_stats", out var list))
        {
            foreach (var batch in list.EnumerateArray())
            {
                batches[Number(batch, "batch_size")] = Duration(batch, "compute_infer");
            }
        }

        return new ServerStatistics
        {
            Inferences = Number(model, "inference_count"),
            Batches = batches.ToImmutable(),
            Executions = Number(model, "execution_count"),
            Success = Duration(inference, "success"),
            Failure = Duration(inference, "fail"),
            Queue = Duration(inference, "queue"),
            ComputeInput = Duration(inference, "compute_input"),
            ComputeInfer = Duration(inference, "compute_infer"),
            ComputeOutput = Duration(inference, "compute_output"),
        };
    }

    // Servers leave out what they do not count; a missing counter is one that stays 0.
    private static ServerStatistics.Duration Duration(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var duration)
            ? new ServerStatistics.Duration(Number(duration, "count"), Number(duration, "ns"))
            : default;

    private static long Number(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var number) && number.ValueKind == JsonValueKind.Number ? number.GetInt64() : 0;
}
