using System.Net;
using System.Text;
using System.Text.Json;
using Bedplate.Protocols.OpenInference;
using Bedplate.Protocols.OpenInference.Repository;
using Bedplate.Server;
using Bedplate.Tests.Conformance.Protocols;
using Bedplate.Tests.TestKit.Files;
using Bedplate.Tests.TestKit.Grpc;
using Bedplate.Tests.TestKit.Models;
using Bedplate.Tests.TestKit.Server;

[assembly: AssemblyFixture(typeof(Bedplate.Tests.Conformance.Server.ConformanceServer))]

namespace Bedplate.Tests.Conformance.Server;

/// <summary>
/// The server all of this suite asks, with models controlled over its API and tried in the real worker process. A leak,
/// or anything it logged as an error, fails the suite at the end.
/// </summary>
public sealed class ConformanceServer : IAsyncLifetime
{
    private readonly TemporaryDirectory _repository = new();
    private HostedServer? _server;

    /// <summary>Every way to ask for inference.</summary>
    internal AllProtocols Protocols { get; private set; } = null!;

    /// <summary>gRPC, for whatever else it has.</summary>
    internal GrpcTestClient Grpc => _server!.Grpc;

    private HttpClient Http => _server!.Rest.Http;

    public async ValueTask InitializeAsync()
    {
        _server = await HostedServer.StartAsync(new ServerOptions
        {
            ModelRepositories = [_repository.Path],
            ModelControlMode = ModelControlMode.Explicit,
            OpenInference = new OpenInferenceOptions { AllowLoadOverride = true },
        });
        Protocols = new AllProtocols(Http, Grpc);
    }

    /// <summary>The directory of a model in the repository; whoever adds one removes it.</summary>
    internal string DirectoryOf(string model) => _repository[model];

    /// <summary>Serves a file as version 1 of a model, which must load; until the result is disposed.</summary>
    internal Task<TemporaryModel> ServeAsync(string model, string file) => ServeAsync(model, [(1, file)]);

    /// <summary>Serves files as versions of a model, all of them.</summary>
    internal async Task<TemporaryModel> ServeAsync(string model, IReadOnlyList<(int Version, string File)> versions)
    {
        foreach (var (version, file) in versions)
        {
            Directory.CreateDirectory(_repository[$"{model}/{version}"]);
            File.Copy(file, _repository[$"{model}/{version}/model.onnx"]);
        }

        return await ServeAsync(model);
    }

    /// <summary>Serves a generated model as version 1.</summary>
    internal async Task<TemporaryModel> ServeAsync(string model, OnnxModelBuilder builder)
    {
        Directory.CreateDirectory(_repository[$"{model}/1"]);
        builder.Save(_repository[$"{model}/1/model.onnx"]);
        return await ServeAsync(model);
    }

    /// <summary>Loads a model from the repository; null, or the server's error.</summary>
    internal Task<string?> LoadAsync(string model, CancellationToken cancellationToken) => ControlAsync(model, "load", cancellationToken);

    /// <summary>Unloads a model; null, or the server's error.</summary>
    internal Task<string?> UnloadAsync(string model, CancellationToken cancellationToken) => ControlAsync(model, "unload", cancellationToken);

    /// <summary>The names of the models that the index says are ready.</summary>
    internal async Task<IReadOnlyList<string>> ReadyModelsAsync(CancellationToken cancellationToken)
    {
        using var content = new StringContent("""{"ready":true}""");
        using var response = await Http.PostAsync("v2/repository/index", content, cancellationToken);
        using var index = JsonDocument.Parse(await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(cancellationToken));
        return [.. index.RootElement.EnumerateArray().Select(model => model.GetProperty("name").GetString()!)];
    }

    /// <summary>Asks REST for a JSON document.</summary>
    internal async Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await Http.GetAsync(path, cancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        return response.StatusCode == HttpStatusCode.OK
            ? JsonElement.Parse(body)
            : throw new InvalidOperationException($"GET {path}: {(int)response.StatusCode} {Encoding.UTF8.GetString(body)}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _repository.Dispose();
    }

    private async Task<TemporaryModel> ServeAsync(string model)
    {
        var served = new TemporaryModel(this, model);
        _repository.Write($"{model}/config.pbtxt", "version_policy { all {} }");
        if (await LoadAsync(model, CancellationToken.None) is { } refusal)
        {
            Directory.Delete(DirectoryOf(model), recursive: true);
            throw new InvalidOperationException(refusal);
        }

        return served;
    }

    private async Task<string?> ControlAsync(string model, string verb, CancellationToken cancellationToken)
    {
        using var response = await Http.PostAsync($"v2/repository/models/{model}/{verb}", content: null, cancellationToken);
        return response.IsSuccessStatusCode
            ? null
            : RestMessages.ErrorOf(response, await response.Content.ReadAsByteArrayAsync(cancellationToken)).Error;
    }
}
