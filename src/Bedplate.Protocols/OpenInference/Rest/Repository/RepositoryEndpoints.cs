using System.Text.Json;
using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference.Repository;
using Microsoft.AspNetCore.Http;

namespace Bedplate.Protocols.OpenInference.Rest.Repository;

/// <summary>Triton's model repository extension: which models there are, and which of them are served.</summary>
internal sealed class RepositoryEndpoints(OpenInferenceService service)
{
    // An index or unload request says a word or two.
    private const int SmallBody = 64 << 10;

    // What JSON and a configuration take beside the files, whose base64 takes four bytes for three.
    private const long ConfigurationAllowance = 16 << 20;

    private static readonly ProtocolStatus RepositoryUnsupported = ProtocolStatus.Unsupported("'repository_name' specification is not supported");

    private readonly JsonDocumentOptions _documentOptions = new() { MaxDepth = service.Options.MaxJsonDepth, AllowDuplicateProperties = false };

    /// <summary><c>POST /v2/repository[/{repository}]/index</c></summary>
    public async Task IndexAsync(HttpContext context, string repository)
    {
        var body = await ReadSmallAsync(context);
        var status = body.Status;
        if (!status.IsOk || !TryReadFlag(body.Content, [], "ready", out var readyOnly, out status))
        {
            await RestReply.ErrorAsync(context, status);
            return;
        }

        var (buffer, writer) = RestReply.Begin();
        writer.WriteStartArray();
        foreach (var model in service.Repository.Index(repository, readyOnly))
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, model.Name);
            if (model.Version > 0)
            {
                writer.WriteString("version"u8, $"{model.Version}");
            }

            writer.WriteString("state"u8, NameOf(model.State));
            writer.WriteString("reason"u8, model.Reason);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        await RestReply.SendAsync(context, buffer, writer);
    }

    /// <summary><c>POST /v2/repository/models/{model}/load</c>. Answered when the model is ready or has failed.</summary>
    public async Task LoadAsync(HttpContext context, string name, bool hasRepository)
    {
        if (hasRepository)
        {
            await RestReply.ErrorAsync(context, RepositoryUnsupported);
            return;
        }

        var options = service.Options;
        var body = options.AllowLoadOverride
            ? await ControlBody.ReadAsync(context, LongestLoad(options), LoadRequest.TooLarge(options))
            : await ControlBody.ReadAsync(context, SmallBody, LoadRequest.OverrideRefused("config"));
        var status = body.Status;
        if (status.IsOk && LoadRequest.TryParse(body.Content, options, out var replacement, out status))
        {
            // Not the caller's token: a load outlives a client that has lost its patience, as otherwise a model that
            // takes longer than any client waits could never be loaded.
            status = await service.Repository.LoadAsync(name, replacement, CancellationToken.None);
        }

        await AnswerAsync(context, status);
    }

    /// <summary><c>POST /v2/repository/models/{model}/unload</c>. Answered when no new request can reach the model.</summary>
    public async Task UnloadAsync(HttpContext context, string name, bool hasRepository)
    {
        if (hasRepository)
        {
            await RestReply.ErrorAsync(context, RepositoryUnsupported);
            return;
        }

        var body = await ReadSmallAsync(context);
        var status = body.Status;
        if (status.IsOk && TryReadFlag(body.Content, ["parameters"], "unload_dependents", out var unloadDependents, out status))
        {
            status = await service.Repository.UnloadAsync(name, unloadDependents, CancellationToken.None);
        }

        await AnswerAsync(context, status);
    }

    private static Task AnswerAsync(HttpContext context, in ProtocolStatus status) =>
        status.IsOk ? RestReply.EmptyAsync(context) : RestReply.ErrorAsync(context, status);

    private static Task<ControlBody> ReadSmallAsync(HttpContext context) => ControlBody.ReadAsync(
        context, SmallBody, ProtocolStatus.TooLarge($"the body of this request may have {SmallBody} bytes; it takes no more than a flag"));

    private static int LongestLoad(OpenInferenceOptions options)
    {
        // As long as an array can be, which bounds the files of one request to 1.5 GiB whatever the option says.
        var files = Math.Min(options.MaxLoadOverrideBytes, Array.MaxLength);
        return (int)Math.Min((files / 3 * 4) + ConfigurationAllowance, Array.MaxLength);
    }

    // A boolean within objects; false where it or one of them is absent, or the body is empty.
    private bool TryReadFlag(ReadOnlyMemory<byte> body, ReadOnlySpan<string> path, string key, out bool flag, out ProtocolStatus status)
    {
        flag = false;
        status = ProtocolStatus.Ok;
        if (body.IsEmpty)
        {
            return true;
        }

        try
        {
            using var document = JsonDocument.Parse(body, _documentOptions);
            var element = document.RootElement;
            foreach (var step in path)
            {
                if (element.ValueKind == JsonValueKind.Object && element.TryGetProperty(step, out var next))
                {
                    element = next;
                }
                else if (element.ValueKind == JsonValueKind.Object)
                {
                    return true;
                }
            }

            if (element.ValueKind != JsonValueKind.Object)
            {
                status = ProtocolStatus.Invalid($"the request must be empty or a JSON object as in {Example(path, key)}");
                return false;
            }

            if (!element.TryGetProperty(key, out var value))
            {
                return true;
            }

            flag = value.ValueKind == JsonValueKind.True;
            status = flag || value.ValueKind == JsonValueKind.False
                ? status
                : ProtocolStatus.Invalid($"Invalid value for '{key}': expected a boolean");
            return status.IsOk;
        }
        catch (JsonException exception)
        {
            status = ProtocolStatus.Invalid($"failed to parse the request JSON buffer: {exception.Message}");
            return false;
        }
    }

    private static string Example(ReadOnlySpan<string> path, string key)
    {
        var example = $"{{\"{key}\": true}}";
        for (var i = path.Length - 1; i >= 0; i--)
        {
            example = $"{{\"{path[i]}\": {example}}}";
        }

        return example;
    }

    private static string NameOf(ModelState state) => state switch
    {
        ModelState.Loading => "LOADING",
        ModelState.Ready => "READY",
        ModelState.Unloading => "UNLOADING",
        ModelState.Unavailable => "UNAVAILABLE",
        _ => "UNKNOWN",
    };
}
