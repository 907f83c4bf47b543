using System.Text.Json;
using Bedplate.Tensors;

namespace Bedplate.Bench.Clients.OpenInference;

/// <summary>
/// Reads the outputs of an HTTP answer: JSON, or a JSON header with the tensors' bytes behind it, or both mixed, as
/// servers differ in what they send although binary was asked for.
/// </summary>
internal static class RestAnswerReader
{
    /// <summary>
    /// The outputs in the order of the answer; <paramref name="jsonLength"/> −1: the whole body is JSON.
    /// </summary>
    /// <exception cref="InvalidDataException">The body is not what the protocol says.</exception>
    public static NamedTensor[] Read(ReadOnlySpan<byte> body, int jsonLength)
    {
        if (jsonLength > body.Length)
        {
            throw new InvalidDataException($"Inference-Header-Content-Length is {jsonLength} and the body {body.Length} bytes");
        }

        var binary = jsonLength < 0 ? default : body[jsonLength..];
        try
        {
            var reader = new Utf8JsonReader(jsonLength < 0 ? body : body[..jsonLength]);
            using var json = JsonDocument.ParseValue(ref reader);
            var outputs = json.RootElement.GetProperty("outputs");
            var tensors = new NamedTensor[outputs.GetArrayLength()];
            for (var i = 0; i < tensors.Length; i++)
            {
                tensors[i] = ReadTensor(outputs[i], ref binary);
            }

            return binary.IsEmpty
                ? tensors
                : throw new InvalidDataException($"{binary.Length} bytes follow the last output");
        }
        catch (Exception exception) when (exception
            is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"the answer's JSON is not an inference response: {exception.Message}", exception);
        }
    }

    private static NamedTensor ReadTensor(JsonElement output, ref ReadOnlySpan<byte> binary)
    {
        var name = output.GetProperty("name").GetString() ?? "";
        var type = OpenInferenceJson.DataType(output);
        var shape = OpenInferenceJson.Shape(output);
        if (!output.TryGetProperty("parameters", out var parameters)
            || !parameters.TryGetProperty("binary_data_size", out var size))
        {
            return new NamedTensor(name, type, shape, TensorJson.Read(output.GetProperty("data"), type));
        }

        var length = size.GetInt64();
        if (length < 0 || length > binary.Length)
        {
            throw new InvalidDataException($"output '{name}' says {length} bytes and {binary.Length} are left");
        }

        var data = binary[..(int)length].ToArray();
        binary = binary[(int)length..];
        return new NamedTensor(name, type, shape, data);
    }
}
