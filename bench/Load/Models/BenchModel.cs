using System.Text.Json;
using Bedplate.Inference.Models;

namespace Bedplate.Bench.Load.Models;

/// <summary>A model to measure with: its file, the name it is served under, and what its requests look like.</summary>
internal sealed class BenchModel
{
    // Dimensions beside the batch that model files leave open: samples of a frame; height and width of pictures.
    private static readonly (string FilePart, long[] Dimensions)[] KnownDimensions =
    [
        ("silero_vad", [512]),
        ("PP-OCRv4_det", [320, 320]),
        ("PP-OCRv4_rec", [320]),
        ("ppocr_mobile_v2.0_cls", [48, 192]),
    ];

    private readonly Lazy<ModelSignature> _signature;
    private readonly Lazy<IReadOnlyList<BenchInput>> _inputs;

    /// <summary>A model.</summary>
    /// <param name="name">The name it is served under.</param>
    /// <param name="file">The ONNX file.</param>
    /// <param name="dimensions">Variable dimensions beside the batch; null for what is usual for the file.</param>
    public BenchModel(string name, string file, IReadOnlyList<long>? dimensions = null)
    {
        Name = name;
        File = file;
        var known = dimensions
            ?? KnownDimensions.FirstOrDefault(each => Path.GetFileName(file).Contains(each.FilePart, StringComparison.Ordinal)).Dimensions
            ?? [];
        _signature = new(() => BareLoop.ReadSignature(this));
        _inputs = new(() => [.. _signature.Value.Inputs.Select(spec => new BenchInput(spec, known))]);
    }

    public string Name { get; }

    public string File { get; }

    /// <summary>Its inputs, read from the file.</summary>
    public IReadOnlyList<BenchInput> Inputs => _inputs.Value;

    /// <summary>Whether all of its tensors begin with a variable dimension, so that a configuration can declare the batch.</summary>
    public bool HasBatchDimension => _signature.Value.Inputs.Concat(_signature.Value.Outputs)
        .All(tensor => tensor.HasKnownRank && tensor.Shape.Rank > 0 && tensor.Shape[0] < 0);

    /// <summary>Flags of <c>bedplate bench</c> that make its requests this model's.</summary>
    public IEnumerable<string> BenchArguments(Workbench bench)
    {
        // A scalar beside the data is a setting, which random numbers would not be.
        if (Inputs.Any(input => input.ShapeOf(1).Length == 0))
        {
            return ["--input-data", WriteData(bench)];
        }

        return Inputs.Where(input => input.HasVariableShape)
            .SelectMany(input => new[] { "--shape", $"{input.Name}:{string.Join(',', input.ShapeOf(1))}" });
    }

    private string WriteData(Workbench bench)
    {
        var path = bench.PathFor($"{Name}.json");
        using var stream = System.IO.File.Create(path);
        using var json = new Utf8JsonWriter(stream);
        json.WriteStartObject();
        json.WriteStartArray("data");
        json.WriteStartObject();
        foreach (var input in Inputs)
        {
            json.WriteStartObject(input.Name);
            json.WritePropertyName("content");
            input.WriteJson(json, input.Data(rows: 1, seed: 1));
            json.WritePropertyName("shape");
            JsonSerializer.Serialize(json, input.ShapeOf(1));
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        return path;
    }
}
