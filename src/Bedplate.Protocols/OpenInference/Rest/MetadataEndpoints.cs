using System.Text.Json;
using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference.Configuration.Json;
using Bedplate.Tensors;
using Microsoft.AspNetCore.Http;

namespace Bedplate.Protocols.OpenInference.Rest;

/// <summary>What the server and its models say of themselves.</summary>
internal sealed class MetadataEndpoints(OpenInferenceService service)
{
    /// <summary><c>GET /v2</c></summary>
    public Task ServerAsync(HttpContext context)
    {
        var info = service.Info;
        var (buffer, writer) = RestReply.Begin();
        writer.WriteStartObject();
        writer.WriteString("name"u8, info.Name);
        writer.WriteString("version"u8, info.Version);
        WriteStrings(writer, "extensions", info.Extensions);
        writer.WriteStartArray("runtimes"u8);
        foreach (var runtime in info.Runtimes)
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, runtime.Name);
            writer.WriteString("version"u8, runtime.Version);
            writer.WriteString("build"u8, runtime.Build);
            WriteStrings(writer, "execution_providers", runtime.ExecutionProviders);
            WriteStrings(writer, "experimental", runtime.ExperimentalProviders);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        return RestReply.SendAsync(context, buffer, writer);
    }

    /// <summary><c>GET /v2/models</c>: the names of all models that take requests.</summary>
    public Task ModelsAsync(HttpContext context)
    {
        var (buffer, writer) = RestReply.Begin();
        writer.WriteStartObject();
        WriteStrings(writer, "models", service.Engine.Models.Served.Select(model => model.Name).Distinct());
        writer.WriteEndObject();
        return RestReply.SendAsync(context, buffer, writer);
    }

    /// <summary><c>GET /v2/models/{model}[/versions/{version}]</c></summary>
    public Task ModelAsync(HttpContext context, ReadOnlySpan<char> name, ReadOnlySpan<char> version)
    {
        if (service.Find(name, version, out var model, out var status) != ModelLookup.Found)
        {
            return RestReply.ErrorAsync(context, status);
        }

        var versions = version.IsEmpty ? service.Engine.Models.VersionsOf(model!.Name) : [model!];
        var (buffer, writer) = RestReply.Begin();
        writer.WriteStartObject();
        writer.WriteString("name"u8, model!.Name);
        WriteStrings(writer, "versions", versions.Select(each => each.VersionText));
        writer.WriteString("platform"u8, model.Platform);
        WriteTensors(writer, "inputs", model.Signature.Inputs);
        WriteTensors(writer, "outputs", model.Signature.Outputs);
        writer.WriteEndObject();
        return RestReply.SendAsync(context, buffer, writer);
    }

    /// <summary><c>GET /v2/models/{model}[/versions/{version}]/config</c></summary>
    public Task ConfigurationAsync(HttpContext context, ReadOnlySpan<char> name, ReadOnlySpan<char> version) =>
        service.Find(name, version, out var model, out var status) == ModelLookup.Found
            ? RestReply.JsonAsync(context, ModelConfigJson.ToUtf8(service.Repository.GetConfiguration(model!)))
            : RestReply.ErrorAsync(context, status);

    private static void WriteTensors(Utf8JsonWriter writer, string key, IEnumerable<TensorSpec> tensors)
    {
        writer.WriteStartArray(key);
        foreach (var tensor in tensors)
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, tensor.Name);
            writer.WriteString("datatype"u8, tensor.Type.WireName());
            writer.WriteStartArray("shape"u8);
            foreach (var dimension in tensor.Shape.Span)
            {
                writer.WriteNumberValue(dimension);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteStrings(Utf8JsonWriter writer, string key, IEnumerable<string> values)
    {
        writer.WriteStartArray(key);
        foreach (var value in values)
        {
            writer.WriteStringValue(value);
        }

        writer.WriteEndArray();
    }
}
