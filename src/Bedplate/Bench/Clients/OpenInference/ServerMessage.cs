using System.Text;
using System.Text.Json;

namespace Bedplate.Bench.Clients.OpenInference;

/// <summary>What a server said of a failure, as one short printable line.</summary>
internal static class ServerMessage
{
    private const int LongestShown = 200;

    /// <summary>
    /// The "error" of the protocol's JSON, the "detail" or "title" of problem details, or the text as it is; gRPC
    /// messages are percent-encoded where they are not plain ASCII.
    /// </summary>
    public static string Read(ReadOnlySpan<byte> said)
    {
        var text = Encoding.UTF8.GetString(said);
        return Clean(FromJson(said) ?? (text.Contains('%', StringComparison.Ordinal) ? Uri.UnescapeDataString(text) : text));
    }

    private static string? FromJson(ReadOnlySpan<byte> said)
    {
        try
        {
            var reader = new Utf8JsonReader(said);
            using var json = JsonDocument.ParseValue(ref reader);
            foreach (var name in (ReadOnlySpan<string>)["error", "detail", "title"])
            {
                if (json.RootElement.ValueKind == JsonValueKind.Object
                    && json.RootElement.TryGetProperty(name, out var value)
                    && value.ValueKind == JsonValueKind.String)
                {
                    return value.GetString();
                }
            }
        }
        catch (JsonException)
        {
            // Not JSON, or cut off: shown as it is.
        }

        return null;
    }

    private static string Clean(string text)
    {
        var clean = new StringBuilder();
        foreach (var character in text.AsSpan(0, Math.Min(text.Length, LongestShown)))
        {
            clean.Append(char.IsControl(character) ? ' ' : character);
        }

        return clean.ToString().Trim();
    }
}
