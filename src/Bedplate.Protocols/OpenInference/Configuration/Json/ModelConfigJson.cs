using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Bedplate.Contracts.OpenInference;

namespace Bedplate.Protocols.OpenInference.Configuration.Json;

/// <summary>
/// The JSON form of a model configuration, as <c>GET /v2/models/{model}/config</c> answers it and the load request's
/// <c>config</c> parameter brings it: protobuf's own JSON mapping with the fields' declared names, every scalar,
/// list and map printed also when it has its default, and 64-bit numbers as numbers. Triton still prints a few rarely
/// used 64-bit fields as strings (device_id, the dimensions of CUDA graphs and initial states); reading takes both.
/// </summary>
public static class ModelConfigJson
{
    /// <summary>Longest text read, in bytes.</summary>
    public const int MaxBytes = TextFormat.TextFormatParser.MaxBytes;

    private static readonly JsonWriterOptions WriterOptions = new()
    {
        // The text is the body of an application/json response, never part of a page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes the configuration as one JSON object.</summary>
    public static void Write(Utf8JsonWriter writer, ModelConfig config) => MessageJsonWriter.Write(writer, config);

    /// <summary>The configuration as UTF-8 JSON.</summary>
    public static byte[] ToUtf8(ModelConfig config)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
        {
            MessageJsonWriter.Write(writer, config);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>
    /// Reads a configuration from UTF-8 JSON: fields by their declared or their camel-case name, enums by name in any
    /// case or by number, 64-bit numbers as numbers or strings, null as absent.
    /// </summary>
    /// <exception cref="ModelConfigJsonException">The text is not such a configuration.</exception>
    public static ModelConfig Read(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MaxBytes)
        {
            throw new ModelConfigJsonException("$", $"the text has {utf8.Length} bytes, more than the {MaxBytes} allowed");
        }

        var config = new ModelConfig();
        MessageJsonReader.Read(utf8, config);
        return config;
    }
}
