using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Bedplate.Tests.Conformance.Protocols;

/// <summary>REST with the binary tensor data extension, both ways.</summary>
internal sealed class RestBinary(HttpClient http) : IInferenceProtocol
{
    private const string HeaderLength = "Inference-Header-Content-Length";

    public override string ToString() => "REST binary";

    public async Task<InferAnswer> InferAsync(string model, IReadOnlyList<TensorValue> inputs, CancellationToken cancellationToken)
    {
        var header = Compose(inputs);
        using var content = new ByteArrayContent([.. header.Span, .. inputs.SelectMany(input => input.Bytes)]);
        content.Headers.Add(HeaderLength, header.Length.ToString(CultureInfo.InvariantCulture));
        using var response = await http.PostAsync(RestMessages.Infer(model), content, cancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        return response.IsSuccessStatusCode
            ? InferAnswer.Of(ReadOutputs(body, int.Parse(response.Headers.GetValues(HeaderLength).Single(), CultureInfo.InvariantCulture)))
            : RestMessages.ErrorOf(response, body);
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
            writer.WriteStartObject("parameters");
            writer.WriteNumber("binary_data_size", input.Bytes.Length);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartObject("parameters");
        writer.WriteBoolean("binary_data_output", true);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    private static List<TensorValue> ReadOutputs(byte[] body, int headerLength)
    {
        using var answer = JsonDocument.Parse(body.AsMemory(0, headerLength));
        var rest = body.AsMemory(headerLength);
        var outputs = new List<TensorValue>();
        foreach (var output in answer.RootElement.GetProperty("outputs").EnumerateArray())
        {
            var (name, type, shape) = RestMessages.ReadTensor(output);
            var length = output.GetProperty("parameters").GetProperty("binary_data_size").GetInt32();
            outputs.Add(new TensorValue(name, type, shape, rest[..length].ToArray()));
            rest = rest[length..];
        }

        return rest.IsEmpty ? outputs : throw new InvalidDataException($"{rest.Length} bytes follow the last output.");
    }
}
