using System.Net;
using System.Net.Security;
using System.Text.Json;

namespace Bedplate.Bench.Clients.OpenInference;

/// <summary>The model by REST: GET v2/models/{model}, GET …/stats, POST …/infer.</summary>
internal sealed class RestModelClient(
    Target target,
    SslClientAuthenticationOptions? tls,
    TimeSpan timeout,
    string modelPath,
    IReadOnlyList<KeyValuePair<string, string>> headers)
    : ModelClient(target, tls, timeout)
{
    /// <summary>The path of a model, from the root.</summary>
    public static string PathOf(Target target, string model, string version)
    {
        var path = $"{target.BasePath}/v2/models/{Uri.EscapeDataString(model)}";
        return version.Length == 0 ? path : $"{path}/versions/{Uri.EscapeDataString(version)}";
    }

    /// <inheritdoc/>
    public override async Task<ModelMetadata> GetMetadataAsync(CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, modelPath);
        using var response = await SendAsync(request, cancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new BenchException(
                BenchExitCode.ModelUnavailable,
                $"{Target} does not give the model's metadata ({modelPath}: HTTP {(int)response.StatusCode}{ErrorOf(body)}). Check --model, --model-version and --protocol.");
        }

        try
        {
            using var json = JsonDocument.Parse(body);
            return OpenInferenceJson.Metadata(json.RootElement);
        }
        catch (Exception exception) when (IsWrongJson(exception))
        {
            throw new BenchException(
                BenchExitCode.ModelUnavailable,
                $"{Target} does not speak the Open Inference Protocol: {modelPath} is not model metadata ({exception.Message}).",
                exception);
        }
    }

    /// <inheritdoc/>
    public override async Task<ServerStatistics?> GetStatisticsAsync(CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, modelPath + "/stats");
        using var response = await SendAsync(request, cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            return null;
        }

        try
        {
            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            using var json = JsonDocument.Parse(body);
            return OpenInferenceJson.Statistics(json.RootElement);
        }
        catch (Exception exception) when (IsWrongJson(exception))
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public override async Task<NamedTensor[]> InferAsync(RenderedRequest rendered, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Post, modelPath + "/infer");
        request.Content = new ReadOnlyMemoryContent(rendered.Body);
        request.Content.Headers.ContentType = new(rendered.JsonLength < 0 ? "application/json" : "application/octet-stream");
        if (rendered.JsonLength >= 0)
        {
            request.Headers.TryAddWithoutValidation("Inference-Header-Content-Length", $"{rendered.JsonLength}");
        }

        using var response = await SendAsync(request, cancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new BenchException(
                BenchExitCode.ModelUnavailable, $"HTTP {(int)response.StatusCode}{ErrorOf(body)}");
        }

        var jsonLength = response.Headers.TryGetValues("Inference-Header-Content-Length", out var values)
            && int.TryParse(values.First(), out var length) ? length : -1;
        try
        {
            return RestAnswerReader.Read(body, jsonLength);
        }
        catch (InvalidDataException exception)
        {
            throw new BenchException(BenchExitCode.ModelUnavailable, exception.Message, exception);
        }
    }

    private HttpRequestMessage Request(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, $"{(Target.IsTls ? "https" : "http")}://{Target.Authority}{path}");
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    private static bool IsWrongJson(Exception exception) => exception
        is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException;

    private static string ErrorOf(byte[] body) => ServerMessage.Read(body) is { Length: > 0 } message ? $": {message}" : "";
}
