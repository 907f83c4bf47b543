using System.Text.Json;
using Bedplate.Inference.Models;
using Microsoft.AspNetCore.Http;

namespace Bedplate.Protocols.OpenInference.Rest;

/// <summary>
/// Liveness and readiness. The status answers the question, as Triton's clients read it, and the body repeats it in
/// the form that the Open Inference Protocol gives it.
/// </summary>
internal sealed class HealthEndpoints(OpenInferenceService service)
{
    private static readonly byte[] Live = """{"live":true}"""u8.ToArray();
    private static readonly byte[] Ready = """{"ready":true}"""u8.ToArray();
    private static readonly byte[] NotReady = """{"ready":false}"""u8.ToArray();

    private int NotReadyStatus => service.Options.TritonHealthStatus ? StatusCodes.Status400BadRequest : StatusCodes.Status503ServiceUnavailable;

    /// <summary><c>GET /v2/health/live</c>: a server that answers is alive.</summary>
    public static Task LiveAsync(HttpContext context) => RestReply.JsonAsync(context, Live);

    /// <summary><c>GET /v2/health/ready</c></summary>
    public Task ReadyAsync(HttpContext context) => service.IsReady
        ? RestReply.JsonAsync(context, Ready)
        : RestReply.JsonAsync(context, NotReady, NotReadyStatus);

    /// <summary><c>GET /v2/models/{model}[/versions/{version}]/ready</c></summary>
    public Task ModelReadyAsync(HttpContext context, ReadOnlySpan<char> name, ReadOnlySpan<char> version)
    {
        var lookup = service.Find(name, version, out _, out var status);
        if (lookup is ModelLookup.UnknownModel or ModelLookup.UnknownVersion && !service.Options.TritonHealthStatus)
        {
            return RestReply.ErrorAsync(context, status);
        }

        var isReady = lookup == ModelLookup.Found;
        var (buffer, writer) = RestReply.Begin();
        writer.WriteStartObject();
        writer.WriteString("name"u8, name);
        writer.WriteBoolean("ready"u8, isReady);
        if (!isReady)
        {
            writer.WriteString("error"u8, "Model version not ready");
        }

        writer.WriteEndObject();
        return RestReply.SendAsync(context, buffer, writer, isReady ? StatusCodes.Status200OK : NotReadyStatus);
    }
}
