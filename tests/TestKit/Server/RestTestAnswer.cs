using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Bedplate.Tests.TestKit.Server;

/// <summary>A whole answer: status, headers, body.</summary>
public sealed record RestTestAnswer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    /// <summary>The body as text.</summary>
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>The body as JSON; of an answer with binary data, its JSON part.</summary>
    public JsonNode Json => JsonNode.Parse(Body.AsSpan(0, JsonLength))!;

    /// <summary>What stands behind the JSON.</summary>
    public byte[] Binary => Body[JsonLength..];

    /// <summary>The text of an error.</summary>
    public string Error => (string?)Json["error"] ?? throw new InvalidOperationException($"{Status} is no error: {Text}");

    private int JsonLength => Headers.TryGetValue("Inference-Header-Content-Length", out var length) ? int.Parse(length) : Body.Length;

    /// <summary>Reads an answer to its end.</summary>
    public static async Task<RestTestAnswer> ReadAsync(HttpResponseMessage response)
    {
        var headers = response.Headers.Concat(response.Content.Headers).ToDictionary(
            header => header.Key, header => string.Join(",", header.Value), StringComparer.OrdinalIgnoreCase);
        return new RestTestAnswer((int)response.StatusCode, headers, await response.Content.ReadAsByteArrayAsync());
    }

    /// <summary>The numbers of a JSON output.</summary>
    public T[] Output<T>(string name) =>
        ((JsonArray)Json["outputs"]!).Single(output => (string)output!["name"]! == name)!["data"].Deserialize<T[]>()!;

    /// <inheritdoc/>
    public override string ToString() => $"{Status} {Text}";
}
