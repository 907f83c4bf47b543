using System.Text.Json;
using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Bench.HttpFloor;

/// <summary>The answer to <c>GET /v2/models/NAME</c>, which load generators ask for before they begin.</summary>
internal static class ModelMetadata
{
    public static byte[] Render(string name, ModelSignature signature)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteStartArray("versions");
            json.WriteStringValue("1");
            json.WriteEndArray();
            json.WriteString("platform", "onnxruntime_onnx");
            WriteTensors(json, "inputs", signature.Inputs);
            WriteTensors(json, "outputs", signature.Outputs);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static void WriteTensors(Utf8JsonWriter json, string property, IEnumerable<TensorSpec> tensors)
    {
        json.WriteStartArray(property);
        foreach (var tensor in tensors)
        {
            json.WriteStartObject();
            json.WriteString("name", tensor.Name);
            json.WriteString("datatype", tensor.Type.WireName());
            json.WriteStartArray("shape");
            foreach (var dimension in tensor.Shape.Span)
            {
                json.WriteNumberValue(dimension);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
