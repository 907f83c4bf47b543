using Bedplate.Server;
using Bedplate.Tests.TestKit.Grpc;
using Bedplate.Tests.TestKit.Logging;
using Bedplate.Tests.TestKit.Memory;
using Bedplate.Tests.TestKit.Processes;
using Bedplate.Tests.TestKit.Time;
using Microsoft.Extensions.Logging;

namespace Bedplate.Tests.TestKit.Server;

/// <summary>
/// The whole server within this process, over a pool that finds leaks, on free ports. Disposing stops it and fails the
/// test that leaked memory or in which the server logged an error.
/// </summary>
public sealed class HostedServer : IAsyncDisposable
{
    private readonly FailureLog _failures;
    private readonly ILoggerFactory _loggers;
    private readonly BedplateServer _server;

    private HostedServer(ServerOptions options, ILoggerProvider? log)
    {
        _failures = new FailureLog();
        _loggers = LoggerFactory.Create(logging =>
        {
            logging.SetMinimumLevel(options.LogLevel).AddProvider(_failures);
            if (log is not null)
            {
                logging.AddProvider(log);
            }
        });
        options = options with
        {
            HttpPort = 0,
            GrpcPort = 0,
            MetricsPort = 0,
            Engine = options.Engine with { Memory = Memory },
        };
        _server = new BedplateServer(options, _loggers, options.Trial.Enabled ? BedplateProcess.Executable : null);
    }

    /// <summary>The memory of its requests.</summary>
    public DiagnosticMemoryPool Memory { get; } = new();

    /// <summary>A client of its HTTP port.</summary>
    public RestTestClient Rest { get; private set; } = null!;

    /// <summary>A client of its gRPC port.</summary>
    public GrpcTestClient Grpc { get; private set; } = null!;

    /// <summary>Starts a server; ready when this ends.</summary>
    /// <param name="options">Its settings; the ports are free ones whatever they say.</param>
    /// <param name="log">Where it logs besides; null for nowhere.</param>
    public static async Task<HostedServer> StartAsync(ServerOptions options, ILoggerProvider? log = null)
    {
        var hosted = new HostedServer(options, log);
        await hosted._server.StartAsync(CancellationToken.None);
        hosted.Rest = new RestTestClient(new Uri($"http://{hosted._server.HttpEndPoint}"));
        hosted.Grpc = new GrpcTestClient(new Uri($"http://{hosted._server.GrpcEndPoint}"));
        return hosted;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Rest.Dispose();
        Grpc.Dispose();
        await _server.StopAsync();

        // A failed test may leave requests behind, for which the drain would wait for ever.
        try
        {
            await _server.DisposeAsync().AsTask().WaitAsync(Eventually.Patience);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException(
                $"The server does not end. Its models: {string.Join(", ", _server.Engine.Models.Statuses)}; {Memory.BytesInUse} bytes are in use.");
        }

        _loggers.Dispose();
        Memory.Verify();
        _failures.Verify();
    }
}
