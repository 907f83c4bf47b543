using System.Net;
using Bedplate.Inference;
using Bedplate.Inference.Backends;
using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference;
using Bedplate.Protocols.OpenInference.Rest;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Logging;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Bedplate.Tests.TestKit.Server;

/// <summary>
/// The REST binding on a real Kestrel, on a free port of the loopback address. Disposing stops it and fails the test
/// that leaked memory, or in which anything was answered with an unexpected exception.
/// </summary>
public sealed class RestTestServer : IAsyncDisposable
{
    private readonly TestEngine _engine;
    private readonly WebApplication _application;
    private readonly FailureLog _failures = new();

    private RestTestServer(RestTestServerOptions options)
    {
        _engine = new TestEngine(options.Engine, options.Backends);
        Repository = new EngineRepository(_engine.Engine);
        Service = new OpenInferenceService(_engine.Engine, Repository, options.Info, options.Protocol, new AnonymousCallers()) { IsReady = true };
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(_failures);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = options.HttpProtocols);
            options.Kestrel?.Invoke(kestrel);
        });
        _application = builder.Build();
        var rest = new RestProtocol(Service);
        _application.Use(next => context => rest.TryHandle(context) ?? next(context));
        _application.Run(context =>
        {
            context.Response.StatusCode = StatusCodes.Status418ImATeapot;
            return Task.CompletedTask;
        });
    }

    /// <summary>The engine.</summary>
    public InferenceEngine Engine => _engine.Engine;

    /// <summary>What can be loaded.</summary>
    public EngineRepository Repository { get; }

    /// <summary>What the protocol speaks for.</summary>
    public OpenInferenceService Service { get; }

    /// <summary>A client of the binding.</summary>
    public RestTestClient Rest { get; private set; } = null!;

    /// <summary>The client beneath; it does not decompress.</summary>
    public HttpClient Client => Rest.Http;

    /// <summary>Where the server listens.</summary>
    public int Port => Rest.Address.Port;

    /// <summary>Starts a server with these models loaded.</summary>
    public static Task<RestTestServer> StartAsync(params ModelSpec[] models) => StartAsync(new RestTestServerOptions(), models);

    /// <summary>Starts a server with these models loaded.</summary>
    public static async Task<RestTestServer> StartAsync(RestTestServerOptions options, params ModelSpec[] models)
    {
        var server = new RestTestServer(options);
        foreach (var model in models)
        {
            server.Repository.Add(model);
            await server._engine.LoadAsync(model);
        }

        await server._application.StartAsync();
        server.Rest = new RestTestClient(new Uri(server._application.Urls.Single()));
        return server;
    }

    /// <summary>Loads a further model that must become ready.</summary>
    public Task<ServedModel> LoadAsync(ModelSpec spec)
    {
        Repository.Add(spec);
        return _engine.LoadAsync(spec);
    }

    /// <inheritdoc cref="RestTestClient.PostAsync(string, string, ValueTuple{string, string}[])"/>
    public Task<RestTestAnswer> PostAsync(string path, string json, params (string Name, string Value)[] headers) =>
        Rest.PostAsync(path, json, headers);

    /// <inheritdoc cref="RestTestClient.PostAsync(string, byte[], ValueTuple{string, string}[])"/>
    public Task<RestTestAnswer> PostAsync(string path, byte[] body, params (string Name, string Value)[] headers) =>
        Rest.PostAsync(path, body, headers);

    /// <inheritdoc cref="RestTestClient.GetAsync"/>
    public Task<RestTestAnswer> GetAsync(string path) => Rest.GetAsync(path);

    /// <inheritdoc cref="RestTestClient.SendAsync(HttpRequestMessage, ValueTuple{string, string}[])"/>
    public Task<RestTestAnswer> SendAsync(HttpRequestMessage request, params (string Name, string Value)[] headers) =>
        Rest.SendAsync(request, headers);

    /// <inheritdoc cref="RestTestClient.Connect"/>
    public RawConnection Connect() => Rest.Connect();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Rest.Dispose();
        await _application.StopAsync();
        await _application.DisposeAsync();
        await _engine.DisposeAsync();
        _failures.Verify();
    }

    private sealed class AnonymousCallers : ICallerSource
    {
        public Caller GetCaller(HttpContext context) => Caller.Anonymous;
    }
}

/// <summary>How a <see cref="RestTestServer"/> is set up.</summary>
public sealed record RestTestServerOptions
{
    /// <summary>Bounds and switches of the protocol.</summary>
    public OpenInferenceOptions Protocol { get; init; } = new();

    /// <summary>Bounds of the engine; null for the defaults.</summary>
    public EngineOptions? Engine { get; init; }

    /// <summary>Backends beside the identity backend.</summary>
    public IBackend[] Backends { get; init; } = [];

    /// <summary>What the server says of itself.</summary>
    public ServerInfo Info { get; init; } = new("bedplate", "0.0.0", ["binary_tensor_data"], []);

    /// <summary>HTTP/1.1, or HTTP/2 without TLS.</summary>
    public HttpProtocols HttpProtocols { get; init; } = HttpProtocols.Http1;

    /// <summary>Further settings of Kestrel.</summary>
    public Action<KestrelServerOptions>? Kestrel { get; init; }
}
