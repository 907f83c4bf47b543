using System.Text;
using System.Text.Json.Nodes;

namespace Bedplate.Tests.TestKit.OpenInference;

/// <summary>The JSON of an <see cref="EchoServer"/>.</summary>
internal static class EchoJson
{
    public static string Metadata(EchoModel model)
    {
        JsonArray Tensors(string prefix) =>
            [.. model.Inputs.Select(input => (JsonNode)new JsonObject
            {
                ["name"] = prefix + input.Name,
                ["datatype"] = input.DataType,
                ["shape"] = new JsonArray([.. input.Shape.Select(dimension => (JsonNode)dimension)]),
            })];
        return new JsonObject
        {
            ["name"] = model.Name,
            ["versions"] = new JsonArray("1"),
            ["platform"] = "echo",
            ["inputs"] = Tensors(""),
            ["outputs"] = Tensors(EchoModel.OutputPrefix),
        }.ToJsonString();
    }

    /// <summary>
    /// The answer's body; with its JSON part's length when bytes follow, as they do when they did in the request.
    /// </summary>
    public static (byte[] Body, int? JsonLength) Answer(EchoModel model, byte[] body, int? jsonLength, bool wrong)
    {
        var request = JsonNode.Parse(body.AsSpan(0, jsonLength ?? body.Length))!;
        var outputs = new JsonArray();
        foreach (var input in request["inputs"]!.AsArray())
        {
            var output = input!.DeepClone();
            output["name"] = EchoModel.OutputPrefix + output["name"]!.GetValue<string>();
            outputs.Add(output);
        }

        if (wrong && jsonLength is null)
        {
            var data = outputs[^1]!["data"]!.AsArray();
            data[^1] = data[^1]!.GetValueKind() == System.Text.Json.JsonValueKind.String ? "wrong" : data[^1]!.GetValue<double>() + 1;
        }

        var json = Encoding.UTF8.GetBytes(new JsonObject { ["model_name"] = model.Name, ["outputs"] = outputs }.ToJsonString());
        if (jsonLength is null)
        {
            return (json, null);
        }

        byte[] answer = [.. json, .. body.AsSpan(jsonLength.Value)];
        if (wrong)
        {
            answer[^1] ^= 0x40;
        }

        return (answer, json.Length);
    }
}
