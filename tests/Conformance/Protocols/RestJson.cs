using System.Buffers;
using System.Text.Json;
using Bedplate.Tensors;

namespace Bedplate.Tests.Conformance.Protocols;

/// <summary>REST with every tensor as JSON.</summary>
internal sealed class RestJson(HttpClient http) : IInferenceProtocol
{
    public override string ToString() => "REST JSON";

    public async Task<InferAnswer> InferAsync(string model, IReadOnlyList<TensorValue> inputs, CancellationToken cancellationToken)
    {
        using var content = new ReadOnlyMemoryContent(Compose(inputs));
        using var response = await http.PostAsync(RestMessages.Infer(model), content, cancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            return RestMessages.ErrorOf(response, body);
        }

        using var answer = JsonDocument.Parse(body);
        return InferAnswer.Of([.. answer.RootElement.GetProperty("outputs").EnumerateArray().Select(ReadOutput)]);
    }

    private static ReadOnlyMemory<byte> Compose(IReadOnlyList<TensorValue> inputs)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        writer.WriteStartArray("inputs");
        foreach (var input in inputs)
        {
            RestMessages.BeginTensor(writer, input);
            writer.WriteStartArray("data");
            JsonElements.Write(writer, input);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    private static TensorValue ReadOutput(JsonElement output)
    {
        var (name, type, shape) = RestMessages.ReadTensor(output);
        return new TensorValue(name, type, shape, JsonElements.Read(output.GetProperty("data"), type));
    }
}
