using System.Text;
using System.Text.Json;
using Bedplate.Tensors;

namespace Bedplate.Tests.Conformance.Protocols;

/// <summary>What REST's two forms of tensors have in common.</summary>
internal static class RestMessages
{
    public static string Infer(string model) => $"v2/models/{model.Replace("/", "/versions/", StringComparison.Ordinal)}/infer";

    public static void BeginTensor(Utf8JsonWriter writer, TensorValue tensor)
    {
        writer.WriteStartObject();
        writer.WriteString("name", tensor.Name);
        writer.WriteString("datatype", tensor.Type.WireName());
        writer.WriteStartArray("shape");
        foreach (var dimension in tensor.Shape)
        {
            writer.WriteNumberValue(dimension);
        }

        writer.WriteEndArray();
    }

    public static (string Name, DataType Type, long[] Shape) ReadTensor(JsonElement tensor)
    {
        var datatype = tensor.GetProperty("datatype").GetString()!;
        return DataTypes.TryParse(Encoding.UTF8.GetBytes(datatype), out var type)
            ? (tensor.GetProperty("name").GetString()!, type, [.. tensor.GetProperty("shape").EnumerateArray().Select(dimension => dimension.GetInt64())])
            : throw new InvalidDataException($"'{datatype}' is no type of the protocol.");
    }

    /// <summary>An error as the protocol has them: an object with the text under "error".</summary>
    public static InferAnswer ErrorOf(HttpResponseMessage response, byte[] body)
    {
        using var answer = JsonDocument.Parse(body);
        return InferAnswer.Failed($"{(int)response.StatusCode} {answer.RootElement.GetProperty("error").GetString()}");
    }
}
