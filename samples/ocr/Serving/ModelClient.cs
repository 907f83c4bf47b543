using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Bedplate.Samples.Ocr.Serving;

/// <summary>
/// Runs models with one input and one output over the Open Inference Protocol's REST binding. Tensors travel as
/// bytes behind the JSON (the binary tensor extension): a page is 11 MB that way and five times as much as text.
/// </summary>
internal sealed class ModelClient(HttpClient http)
{
    private const string JsonLengthHeader = "Inference-Header-Content-Length";

    /// <summary>Runs a model.</summary>
    /// <param name="model">The model's name on the server.</param>
    /// <param name="inputName">What the model calls its input.</param>
    /// <param name="input">The input.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InferenceException">The server cannot be reached, or refused.</exception>
    public async Task<FloatTensor> RunAsync(string model, string inputName, FloatTensor input, CancellationToken cancellationToken)
    {
        try
        {
            using var content = CreateContent(inputName, input);
            using var response = await http.PostAsync(new Uri($"v2/models/{model}/infer", UriKind.Relative), content, cancellationToken);
            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            return response.IsSuccessStatusCode
                ? ReadOutput(body, JsonLength(response, body))
                : throw new InferenceException($"The server refused to run '{model}' ({(int)response.StatusCode}): {ReadError(body)}");
        }
        catch (HttpRequestException exception)
        {
            throw new InferenceException($"{http.BaseAddress} cannot be reached ({exception.Message}). Start a server with ./run, or name one with --url.", exception);
        }
        catch (TaskCanceledException exception) when (exception.InnerException is TimeoutException)
        {
            throw new InferenceException($"{http.BaseAddress} did not answer within {http.Timeout.TotalSeconds} s.", exception);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InferenceException($"{http.BaseAddress} did not answer in the Open Inference Protocol: {exception.Message}", exception);
        }
    }

    private static ByteArrayContent CreateContent(string inputName, FloatTensor input)
    {
        var elements = MemoryMarshal.AsBytes(input.Elements.AsSpan());
        using var body = new MemoryStream(elements.Length + 256);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteStartArray("inputs");
            json.WriteStartObject();
            json.WriteString("name", inputName);
            json.WriteString("datatype", "FP32");
            json.WriteStartArray("shape");
            foreach (var dimension in input.Shape)
            {
                json.WriteNumberValue(dimension);
            }

            json.WriteEndArray();
            json.WriteStartObject("parameters");
            json.WriteNumber("binary_data_size", elements.Length);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteStartObject("parameters");
            json.WriteBoolean("binary_data_output", true);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        var jsonLength = body.Length;
        body.Write(elements);
        var content = new ByteArrayContent(body.GetBuffer(), 0, (int)body.Length);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        content.Headers.Add(JsonLengthHeader, jsonLength.ToString(CultureInfo.InvariantCulture));
        return content;
    }

    // Without the header the whole answer is JSON.
    private static int JsonLength(HttpResponseMessage response, byte[] body)
    {
        var values = response.Headers.TryGetValues(JsonLengthHeader, out var found) || response.Content.Headers.TryGetValues(JsonLengthHeader, out found)
            ? found
            : [];
        var length = values.FirstOrDefault() is { } text ? int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) : body.Length;
        return length <= body.Length ? length : throw new FormatException($"{JsonLengthHeader} is {length} in an answer of {body.Length} bytes");
    }

    private static FloatTensor ReadOutput(byte[] body, int jsonLength)
    {
        using var json = JsonDocument.Parse(body.AsMemory(0, jsonLength));
        var output = json.RootElement.GetProperty("outputs").EnumerateArray().Single();
        var size = output.GetProperty("parameters").GetProperty("binary_data_size").GetInt32();
        var shape = output.GetProperty("shape").EnumerateArray().Select(dimension => dimension.GetInt32()).ToArray();
        var expected = shape.Aggregate(1L, (product, dimension) => checked(product * dimension)) * sizeof(float);
        if (output.GetProperty("datatype").GetString() != "FP32" || size != expected || size != body.Length - jsonLength)
        {
            throw new FormatException($"an output of {body.Length - jsonLength} bytes came for shape [{string.Join(',', shape)}] in FP32");
        }

        return new FloatTensor(shape, MemoryMarshal.Cast<byte, float>(body.AsSpan(jsonLength)).ToArray());
    }

    private static string ReadError(byte[] body)
    {
        using var json = JsonDocument.Parse(body);
        return json.RootElement.GetProperty("error").GetString() ?? "it did not say why";
    }
}
