using System.Net;
using System.Text;
using System.Text.Json;
using Bedplate.Inference;
using Bedplate.Protocols.OpenInference;
using Bedplate.Protocols.OpenInference.Repository;
using Bedplate.Server;
using Bedplate.Tests.Conformance.Protocols;
using Bedplate.Tests.TestKit.Files;
using Bedplate.Tests.TestKit.Grpc;
using Bedplate.Tests.TestKit.Memory;
using Bedplate.Tests.TestKit.Models;
using Bedplate.Tests.TestKit.Server;
using Microsoft.Extensions.Logging;

[assembly: AssemblyFixture(typeof(Bedplate.Tests.Conformance.Server.ConformanceServer))]

namespace Bedplate.Tests.Conformance.Server;

/// <summary>
/// The server all of this suite asks: the whole of it, on free ports, with models controlled over its API and tried in
/// the real worker process. Only its tensor memory is a pool that finds leaks; one fails the suite at the end, as does
/// anything the server logged as an error.
/// </summary>
public sealed class ConformanceServer : IAsyncLifetime
{
    private readonly TemporaryDirectory _repository = new();
    private readonly DiagnosticMemoryPool _memory = new();
    private readonly FailureLog _failures = new();
    private readonly ILoggerFactory _loggers;
    private readonly BedplateServer _server;
    private HttpClient? _http;
    private GrpcTestClient? _grpc;

    public ConformanceServer()
    {
        _loggers = LoggerFactory.Create(logging => logging.AddProvider(_failures));
        var options = new ServerOptions
        {
            HttpPort = 0,
            GrpcPort = 0,
            MetricsPort = 0,
            ModelRepositories = [_repository.Path],
            ModelControlMode = ModelControlMode.Explicit,
            Engine = new EngineOptions { Memory = _memory },
            OpenInference = new OpenInferenceOptions { AllowLoadOverride = true },
        };
        _server = new BedplateServer(options, _loggers, Path.Combine(AppContext.BaseDirectory, "bedplate"));
    }

    /// <summary>Every way to ask for inference.</summary>
    internal AllProtocols Protocols { get; private set; } = null!;

    /// <summary>gRPC, for whatever else it has.</summary>
    internal GrpcTestClient Grpc => _grpc!;

    public async ValueTask InitializeAsync()
    {
        await _server.StartAsync(CancellationToken.None);
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://{_server.HttpEndPoint}") };
        _grpc = new GrpcTestClient(new Uri($"http://{_server.GrpcEndPoint}"));
        Protocols = new AllProtocols(_http, _grpc);
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
        using var response = await _http!.PostAsync("v2/repository/index", content, cancellationToken);
        using var index = JsonDocument.Parse(await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(cancellationToken));
        return [.. index.RootElement.EnumerateArray().Select(model => model.GetProperty("name").GetString()!)];
    }

    /// <summary>Asks REST for a JSON document.</summary>
    internal async Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await _http!.GetAsync(path, cancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        return response.StatusCode == HttpStatusCode.OK
            ? JsonElement.Parse(body)
            : throw new InvalidOperationException($"GET {path}: {(int)response.StatusCode} {Encoding.UTF8.GetString(body)}");
    }

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        _grpc?.Dispose();
        await _server.StopAsync();
        await _server.DisposeAsync();
        _loggers.Dispose();
        _repository.Dispose();
        _memory.Verify();
        _failures.Verify();
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
        using var response = await _http!.PostAsync($"v2/repository/models/{model}/{verb}", content: null, cancellationToken);
        return response.IsSuccessStatusCode
            ? null
            : RestMessages.ErrorOf(response, await response.Content.ReadAsByteArrayAsync(cancellationToken)).Error;
    }
}
