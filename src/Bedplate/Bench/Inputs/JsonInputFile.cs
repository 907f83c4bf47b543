using System.Text.Json;
using Bedplate.Bench.Clients.OpenInference;
using Bedplate.Tensors;

namespace Bedplate.Bench.Inputs;

/// <summary>
/// Input data in perf_analyzer's JSON: <c>{"data": [{"INPUT0": [1, 2], "INPUT1": {"content": [3], "shape": [1]}}, …]}</c>,
/// where a tensor is an array, <c>{"b64": "…"}</c> with its bytes, or either as "content" beside a "shape".
/// </summary>
internal static class JsonInputFile
{
    /// <summary>The entries, in the file's order.</summary>
    /// <param name="path">The file.</param>
    /// <param name="slots">The model's inputs.</param>
    /// <param name="notice">Told of what the file has and is not used.</param>
    /// <exception cref="BenchException">The file cannot be read, or an entry does not fit the model.</exception>
    public static IEnumerable<InputItem> Read(string path, IReadOnlyList<InputSlot> slots, Action<string> notice)
    {
        var source = $"--input-data {path}";
        using var json = Parse(path, source);
        if (json.RootElement.ValueKind != JsonValueKind.Object
            || !json.RootElement.TryGetProperty("data", out var data)
            || data.ValueKind != JsonValueKind.Array
            || data.GetArrayLength() == 0)
        {
            throw Fault(source, "it must be an object with a list \"data\" of at least one entry");
        }

        if (json.RootElement.TryGetProperty("validation_data", out _))
        {
            notice($"{source}: \"validation_data\" is not used; --verify checks answers against a single-request run.");
        }

        var items = new List<InputItem>();
        foreach (var entry in data.EnumerateArray())
        {
            items.Add(ReadEntry(entry, slots, $"{source}: data[{items.Count}]"));
        }

        return items;
    }

    private static JsonDocument Parse(string path, string source)
    {
        try
        {
            return JsonDocument.Parse(InputFile.ReadAllBytes(path));
        }
        catch (JsonException exception)
        {
            throw Fault(source, $"it is not JSON ({exception.Message})");
        }
    }

    private static InputItem ReadEntry(JsonElement entry, IReadOnlyList<InputSlot> slots, string source)
    {
        if (entry.ValueKind == JsonValueKind.Array)
        {
            throw Fault(source, "streams of sequences are not supported; give a flat list of entries");
        }

        if (entry.ValueKind != JsonValueKind.Object)
        {
            throw Fault(source, "an entry is an object with a tensor for each input");
        }

        foreach (var property in entry.EnumerateObject())
        {
            if (slots.All(slot => slot.Spec.Name != property.Name))
            {
                var names = string.Join(", ", slots.Select(slot => $"'{slot.Spec.Name}'"));
                throw Fault(source, $"the model has no input '{property.Name}'; it has {names}");
            }
        }

        return new InputItem(
            [
                .. slots.Select(slot => entry.TryGetProperty(slot.Spec.Name, out var tensor)
                    ? ReadTensor(tensor, slot, $"{source}.{slot.Spec.Name}")
                    : throw Fault(source, $"the input '{slot.Spec.Name}' is missing")),
            ],
            source);
    }

    private static NamedTensor ReadTensor(JsonElement tensor, InputSlot slot, string source)
    {
        try
        {
            var content = tensor;
            var shape = default(TensorShape?);
            if (tensor.ValueKind == JsonValueKind.Object && tensor.TryGetProperty("content", out var inner))
            {
                content = inner;
                shape = tensor.TryGetProperty("shape", out _) ? OpenInferenceJson.Shape(tensor) : null;
            }

            var completed = shape is { } given ? slot.Complete(given, $"{source}.shape {given}") : slot.ItemShape;
            var data = content.ValueKind == JsonValueKind.Object && content.TryGetProperty("b64", out var encoded)
                ? encoded.GetBytesFromBase64()
                : TensorJson.Read(content, slot.Spec.Type);
            return InputItem.Tensor(slot, completed, data, source);
        }
        catch (Exception exception) when (exception is FormatException or InvalidOperationException)
        {
            throw Fault(source, exception.Message.TrimEnd('.'));
        }
    }

    private static BenchException Fault(string source, string fault) => new(BenchExitCode.Usage, $"{source}: {fault}.");
}
