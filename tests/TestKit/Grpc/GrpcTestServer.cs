using System.Net;
using Bedplate.Inference;
using Bedplate.Inference.Backends;
using Bedplate.Protocols.OpenInference;
using Bedplate.Protocols.OpenInference.Grpc;
using Bedplate.Tests.TestKit.Engine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bedplate.Tests.TestKit.Grpc;

/// <summary>The gRPC protocol on a real Kestrel at a free loopback port, over an engine that finds leaks.</summary>
public sealed class GrpcTestServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly CancellationTokenSource _stopping = new();

    private GrpcTestServer(TestEngine engine, OpenInferenceOptions options, HttpProtocols protocols)
    {
        Engine = engine;
        Repository = new TestRepository(engine.Engine);
        Service = new OpenInferenceService(
            engine.Engine,
            Repository,
            new ServerInfo("bedplate", "1.2.3", ["model_repository", "binary_tensor_data", "statistics"], []),
            options,
            new AnonymousCallers())
        { IsReady = true };
        var grpc = new GrpcProtocol(Service, loggerFactory: null, _stopping.Token);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            GrpcProtocol.ConfigureKestrel(kestrel.Limits);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocols);
        });
        _application = builder.Build();
        _application.Run(grpc.InvokeAsync);
    }

    /// <summary>The engine behind it.</summary>
    public TestEngine Engine { get; }

    /// <summary>Its model repository.</summary>
    public TestRepository Repository { get; }

    /// <summary>What both bindings share.</summary>
    public OpenInferenceService Service { get; }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>A client with a connection of its own.</summary>
    public GrpcTestClient Client { get; private set; } = null!;

    /// <summary>Starts a server.</summary>
    public static async Task<GrpcTestServer> StartAsync(
        OpenInferenceOptions? options = null,
        EngineOptions? engine = null,
        HttpProtocols protocols = HttpProtocols.Http2,
        params IBackend[] backends)
    {
        var server = new GrpcTestServer(new TestEngine(engine, backends), options ?? new OpenInferenceOptions(), protocols);
        await server._application.StartAsync();
        var addresses = server._application.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>();
        server.Address = new Uri(addresses.Addresses.First());
        server.Client = new GrpcTestClient(server.Address);
        return server;
    }

    /// <summary>Signals the protocol that the server begins to stop, as the host does.</summary>
    public Task BeginStopAsync() => _stopping.CancelAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _stopping.CancelAsync();
        await _application.DisposeAsync();
        await Engine.DisposeAsync();
        _stopping.Dispose();
    }

    private sealed class AnonymousCallers : ICallerSource
    {
        public Caller GetCaller(HttpContext context) => Caller.Anonymous;
    }
}
