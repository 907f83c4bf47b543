using System.Net;
using System.Reflection;
using Bedplate.Inference;
using Bedplate.Inference.Backends.Identity;
using Bedplate.Inference.Models;
using Bedplate.Inference.Onnx;
using Bedplate.Inference.Onnx.Providers;
using Bedplate.Protocols.OpenInference;
using Bedplate.Protocols.OpenInference.Grpc;
using Bedplate.Protocols.OpenInference.Repository;
using Bedplate.Server.Hosting;
using Bedplate.Server.Hosting.Sockets;
using Bedplate.Server.Settings;
using Bedplate.Server.Trials;
using Bedplate.Telemetry;
using Microsoft.Extensions.Logging;

namespace Bedplate.Server;

/// <summary>
/// The server: an engine, the protocols in front of it and the repositories behind it, on three ports. The one place
/// where the parts are put together.
/// </summary>
public sealed partial class BedplateServer : IAsyncDisposable
{
    private readonly ServerOptions _options;
    private readonly ILogger _logger;
    private readonly ILoggerFactory _loggers;
    private readonly WorkerTrial? _trial;
    private readonly InferenceEngine _engine;
    private readonly ModelRepository _repository;
    private readonly OpenInferenceService _service;
    private readonly PortListener _http;
    private readonly PortListener _grpc;
    private readonly PortListener _metrics;
    private readonly CancellationTokenSource _stopping = new();
    private Task _following = Task.CompletedTask;
    private Task _givingBack = Task.CompletedTask;

    /// <summary>Puts a server together; nothing listens yet.</summary>
    /// <param name="options">Its settings.</param>
    /// <param name="loggers">Where it logs.</param>
    /// <param name="workerExecutable">The file of the bedplate executable, which trials are run with; null for none.</param>
    /// <exception cref="ServerStartException">The settings cannot be met on this machine.</exception>
    public BedplateServer(ServerOptions options, ILoggerFactory loggers, string? workerExecutable)
    {
        _options = options;
        _logger = loggers.CreateLogger<BedplateServer>();
        _loggers = loggers;
        if (!IPAddress.TryParse(options.BindAddress, out var address))
        {
            throw new ServerStartException($"--bind-address is '{options.BindAddress}'; it must be an IP address, as in 127.0.0.1 or 0.0.0.0.");
        }

        var onnx = CreateOnnxBackend(options, loggers);
        _trial = options.Trial.Enabled && workerExecutable is not null
            ? new WorkerTrial(workerExecutable, options.Trial, options.OnnxRuntime, loggers.CreateLogger<WorkerTrial>())
            : null;
        _engine = new InferenceEngine([onnx, new IdentityBackend()], options.Engine, _trial, loggers);
        var scanner = new ModelRepositoryScanner(options.Repository);
        _repository = new ModelRepository(_engine, scanner, options.ModelControlMode, loggers.CreateLogger<ModelRepository>());
        _service = new OpenInferenceService(_engine, _repository, Describe(options.Id, onnx.Runtime), options.OpenInference, new AnonymousCallers());
        _http = new PortListener("http", kestrel => HttpPort.Configure(kestrel, address, options), loggers, SocketThreads.ForSmallRequests);
        _grpc = new PortListener("grpc", kestrel => GrpcPort.Configure(kestrel, address, options), loggers);
        _metrics = new PortListener("metrics", kestrel => MetricsPort.Configure(kestrel, address, options), loggers);
    }

    /// <summary>Where HTTP is answered.</summary>
    public IPEndPoint HttpEndPoint => _http.EndPoint;

    /// <summary>Where gRPC is answered.</summary>
    public IPEndPoint GrpcEndPoint => _grpc.EndPoint;

    /// <summary>Where metrics are answered.</summary>
    public IPEndPoint MetricsEndPoint => _metrics.EndPoint;

    /// <summary>The engine.</summary>
    public InferenceEngine Engine => _engine;

    /// <summary>
    /// Binds the ports, so that the server is seen to live, then loads the models; ready when each of them is ready or
    /// has failed.
    /// </summary>
    /// <exception cref="ServerStartException">
    /// A port cannot be bound, a repository cannot be read, or a model cannot be loaded and that is to end the start.
    /// </exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _http.StartAsync(HttpPort.Handler(_service), cancellationToken);
        await _grpc.StartAsync(new GrpcProtocol(_service, _loggers, _stopping.Token).InvokeAsync, cancellationToken);
        await _metrics.StartAsync(new MetricsEndpoint(_engine).HandleAsync, cancellationToken);
        try
        {
            await _repository.StartAsync(_options.LoadModels.ToHashSet(StringComparer.Ordinal), cancellationToken);
        }
        catch (ModelRepositoryException exception)
        {
            throw new ServerStartException(exception.Message, exception);
        }

        if (_options.ExitOnError)
        {
            RequireAllServed();
        }

        _service.IsReady = true;
        LogReady(_engine.Models.Served.Count());
        _givingBack = new MemoryReturn(_engine, [_http, _grpc, _metrics]).RunAsync(_stopping.Token);
        if (_options.ModelControlMode == ModelControlMode.Poll)
        {
            _following = FollowAsync();
        }
    }

    /// <summary>
    /// Stops: not ready any more, no new connection, the requests in flight finished within the shutdown timeout, the
    /// models unloaded.
    /// </summary>
    public async Task StopAsync()
    {
        _service.IsReady = false;
        await _stopping.CancelAsync();
        using var timeout = new CancellationTokenSource(_options.ShutdownTimeout);
        await Task.WhenAll(_http.StopAsync(timeout.Token), _grpc.StopAsync(timeout.Token));
        await _metrics.StopAsync(timeout.Token);
        await Task.WhenAll(_following, _givingBack);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _http.DisposeAsync();
        await _grpc.DisposeAsync();
        await _metrics.DisposeAsync();
        await _engine.DisposeAsync();
        _repository.Dispose();
        if (_trial is not null)
        {
            await _trial.DisposeAsync();
        }

        _stopping.Dispose();
    }

    private static OnnxBackend CreateOnnxBackend(ServerOptions options, ILoggerFactory loggers)
    {
        try
        {
            return new OnnxBackend(options.OnnxRuntime, loggers.CreateLogger<OnnxBackend>());
        }
        catch (OnnxRuntimeSetupException exception)
        {
            throw new ServerStartException(OptionNames.AsFlags(exception.Message), exception);
        }
    }

    private static ServerInfo Describe(string name, OnnxRuntimeInfo runtime) => new(
        name,
        typeof(BedplateServer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0],
        ["classification", "model_repository", "model_repository(unload_dependents)", "schedule_policy", "model_configuration", "binary_tensor_data", "parameters", "statistics"],
        [
            new RuntimeInfo("onnxruntime", runtime.Version, runtime.BuildInfo, runtime.AvailableProviders, ExperimentalAmong(runtime.AvailableProviders)),
        ]);

    private static List<string> ExperimentalAmong(IEnumerable<string> available) =>
        [.. available.Where(name => ExecutionProvider.Find(name) is not { IsExperimental: false })];

    private void RequireAllServed()
    {
        var failed = _engine.Models.Statuses.Where(status => status.State == ModelState.Unavailable).ToList();
        if (failed.Count > 0)
        {
            throw new ServerStartException(
                $"with --exit-on-error every model must be served, and {failed.Count} cannot be: "
                + string.Join(" ", failed.Select(status => $"'{status.Name}'{(status.Version == 0 ? "" : $" version {status.Version}")}: {status.Reason}.")));
        }
    }

    private async Task FollowAsync()
    {
        var scanner = new ModelRepositoryScanner(_options.Repository);
        try
        {
            var watcher = new RepositoryWatcher(scanner, _options.Watch, _engine.Time, _loggers.CreateLogger<RepositoryWatcher>());
            await _repository.FollowAsync(watcher, _stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    [LoggerMessage(5010, LogLevel.Information, "Ready with {Count} model versions.")]
    private partial void LogReady(int count);
}
