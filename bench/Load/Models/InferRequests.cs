using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using Bedplate.Contracts.OpenInference;
using Bedplate.Tensors;
using Google.Protobuf;

namespace Bedplate.Bench.Load.Models;

/// <summary>Inference requests for one row of a model, as they stand on the wire.</summary>
internal static class InferRequests
{
    private const int GrpcPrefixLength = 5;
    private const int Seed = 1;

    /// <summary>The path of ModelInfer.</summary>
    public const string GrpcPath = "/inference.GRPCInferenceService/ModelInfer";

    /// <summary>The path of inference over HTTP.</summary>
    public static string Path(string model) => $"/v2/models/{model}/infer";

    /// <summary>A JSON request, answered in JSON.</summary>
    public static HttpBody Json(BenchModel model) => new(
        Write(model, (json, input) =>
        {
            json.WritePropertyName("data");
            input.WriteJson(json, input.Data(1, Seed));
        }),
        new Dictionary<string, string> { ["Content-Type"] = "application/json" });

    /// <summary>A request with binary tensors, answered with binary tensors.</summary>
    public static HttpBody Binary(BenchModel model)
    {
        var json = Write(
            model,
            (json, input) =>
            {
                json.WriteStartObject("parameters");
                json.WriteNumber("binary_data_size", input.Data(1, Seed).Length);
                json.WriteEndObject();
            },
            json =>
            {
                json.WriteStartObject("parameters");
                json.WriteBoolean("binary_data_output", true);
                json.WriteEndObject();
            });
        return new HttpBody(
            [.. json, .. model.Inputs.SelectMany(input => input.Data(1, Seed))],
            new Dictionary<string, string>
            {
                ["Content-Type"] = "application/octet-stream",
                ["Inference-Header-Content-Length"] = json.Length.ToString(CultureInfo.InvariantCulture),
            });
    }

    /// <summary>A ModelInferRequest with raw contents, in its gRPC frame.</summary>
    public static byte[] Grpc(BenchModel model)
    {
        var request = new ModelInferRequest { ModelName = model.Name };
        foreach (var input in model.Inputs)
        {
            request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor
            {
                Name = input.Name,
                Datatype = input.Type.WireName(),
                Shape = { input.ShapeOf(1) },
            });
            request.RawInputContents.Add(ByteString.CopyFrom(input.Data(1, Seed)));
        }

        var frame = new byte[GrpcPrefixLength + request.CalculateSize()];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), frame.Length - GrpcPrefixLength);
        request.WriteTo(frame.AsSpan(GrpcPrefixLength));
        return frame;
    }

    private static byte[] Write(BenchModel model, Action<Utf8JsonWriter, BenchInput> writeData, Action<Utf8JsonWriter>? writeMore = null)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteStartArray("inputs");
            foreach (var input in model.Inputs)
            {
                json.WriteStartObject();
                json.WriteString("name", input.Name);
                json.WritePropertyName("shape");
                JsonSerializer.Serialize(json, input.ShapeOf(1));
                json.WriteString("datatype", input.Type.WireName());
                writeData(json, input);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            writeMore?.Invoke(json);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }
}
