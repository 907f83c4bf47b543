using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Bedplate.Tensors;

namespace Bedplate.Bench.Clients.OpenInference;

/// <summary>How HTTP requests and answers carry tensors.</summary>
internal enum HttpFormat
{
    /// <summary>A short JSON header, then the tensors' bytes (the binary tensor data extension).</summary>
    Binary,

    /// <summary>JSON alone.</summary>
    Json,
}

/// <summary>
/// Writes POST v2/models/{model}/infer as it goes over HTTP/1.1. All outputs are asked for, in the same form as the
/// inputs.
/// </summary>
internal sealed class RestRequestRenderer(
    string authority, string path, HttpFormat format, IReadOnlyList<KeyValuePair<string, string>> headers)
{
    /// <summary>The whole request message.</summary>
    /// <exception cref="FormatException">A tensor has no form in JSON.</exception>
    public RenderedRequest Render(IReadOnlyList<NamedTensor> inputs)
    {
        var json = new ArrayBufferWriter<byte>();
        WriteJson(json, inputs);
        long bodyLength = json.WrittenCount;
        var head = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"POST {path} HTTP/1.1\r\nHost: {authority}\r\n");
        if (format == HttpFormat.Binary)
        {
            bodyLength += inputs.Sum(input => (long)input.Data.Length);
            head.Append("Content-Type: application/octet-stream\r\n")
                .Append(CultureInfo.InvariantCulture, $"Inference-Header-Content-Length: {json.WrittenCount}\r\n");
        }
        else
        {
            head.Append("Content-Type: application/json\r\n");
        }

        foreach (var (name, value) in headers)
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        head.Append(CultureInfo.InvariantCulture, $"Content-Length: {bodyLength}\r\n\r\n");
        var length = checked((int)(head.Length + bodyLength));
        return new RenderedRequest(
            Join(Encoding.ASCII.GetBytes(head.ToString()), json.WrittenSpan, inputs, length),
            BodyStart: head.Length,
            JsonLength: format == HttpFormat.Binary ? json.WrittenCount : -1);
    }

    private byte[] Join(byte[] head, ReadOnlySpan<byte> json, IReadOnlyList<NamedTensor> inputs, int length)
    {
        var bytes = new byte[length];
        head.CopyTo(bytes, 0);
        json.CopyTo(bytes.AsSpan(head.Length));
        var end = head.Length + json.Length;
        if (format == HttpFormat.Binary)
        {
            foreach (var input in inputs)
            {
                input.Data.CopyTo(bytes, end);
                end += input.Data.Length;
            }
        }

        return bytes;
    }

    private void WriteJson(ArrayBufferWriter<byte> destination, IReadOnlyList<NamedTensor> inputs)
    {
        using var json = new Utf8JsonWriter(destination);
        json.WriteStartObject();
        if (format == HttpFormat.Binary)
        {
            json.WriteStartObject("parameters");
            json.WriteBoolean("binary_data_output", true);
            json.WriteEndObject();
        }

        json.WriteStartArray("inputs");
        foreach (var input in inputs)
        {
            json.WriteStartObject();
            json.WriteString("name", input.Name);
            json.WriteStartArray("shape");
            foreach (var dimension in input.Shape.Span)
            {
                json.WriteNumberValue(dimension);
            }

            json.WriteEndArray();
            json.WriteString("datatype", input.Type.WireName());
            if (format == HttpFormat.Binary)
            {
                json.WriteStartObject("parameters");
                json.WriteNumber("binary_data_size", input.Data.Length);
                json.WriteEndObject();
            }
            else
            {
                json.WritePropertyName("data");
                TensorJson.Write(json, input);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
