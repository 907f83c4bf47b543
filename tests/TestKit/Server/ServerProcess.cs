using System.Net;
using System.Net.Sockets;
using Bedplate.Tests.TestKit.Files;
using Bedplate.Tests.TestKit.Grpc;
using Bedplate.Tests.TestKit.Metrics;
using Bedplate.Tests.TestKit.Processes;
using Bedplate.Tests.TestKit.Time;

namespace Bedplate.Tests.TestKit.Server;

/// <summary>
/// <c>bedplate serve</c> in a process of its own, on free ports. Disposing kills it; a test about stopping stops it
/// itself.
/// </summary>
public sealed class ServerProcess : IAsyncDisposable
{
    // Between looking for free ports and taking them another process may.
    private const int Attempts = 5;
    private const int PortTaken = 3;

    // Enough to be sure that a run and not its request's arrival takes it.
    private static readonly TimeSpan Computing = TimeSpan.FromMilliseconds(300);

    private readonly TemporaryDirectory? _directory;

    private ServerProcess(BedplateProcess process, string temporaryFiles, TemporaryDirectory? directory, int[] ports)
    {
        Process = process;
        TemporaryFiles = temporaryFiles;
        _directory = directory;
        Rest = new RestTestClient(new Uri($"http://127.0.0.1:{ports[0]}"));
        Grpc = new GrpcTestClient(new Uri($"http://127.0.0.1:{ports[1]}"));
        MetricsAddress = new Uri($"http://127.0.0.1:{ports[2]}/metrics");
    }

    /// <summary>The process.</summary>
    public BedplateProcess Process { get; }

    /// <summary>A client of its HTTP port.</summary>
    public RestTestClient Rest { get; }

    /// <summary>A client of its gRPC port.</summary>
    public GrpcTestClient Grpc { get; }

    /// <summary>Where its metrics are.</summary>
    public Uri MetricsAddress { get; }

    /// <summary>Where it puts temporary files.</summary>
    public string TemporaryFiles { get; }

    /// <summary>Starts a server and waits until it is ready.</summary>
    /// <param name="arguments">Arguments beside the ports.</param>
    public static Task<ServerProcess> StartAsync(params string[] arguments) => StartInAsync(null, arguments);

    /// <summary>Starts a server that has its temporary files in this directory, and waits until it is ready.</summary>
    /// <param name="temporaryFiles">Where; null for a directory of its own, gone with it.</param>
    /// <param name="arguments">Arguments beside the ports.</param>
    public static async Task<ServerProcess> StartInAsync(string? temporaryFiles, params string[] arguments)
    {
        var server = await BeginInAsync(temporaryFiles, arguments);
        try
        {
            await server.IsReadyAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a server and waits until it lives; it may still be loading.</summary>
    /// <param name="arguments">Arguments beside the ports.</param>
    public static Task<ServerProcess> BeginAsync(params string[] arguments) => BeginInAsync(null, arguments);

    /// <summary>Starts a server that has its temporary files in this directory, and waits until it lives.</summary>
    /// <param name="temporaryFiles">Where; null for a directory of its own, gone with it.</param>
    /// <param name="arguments">Arguments beside the ports.</param>
    public static async Task<ServerProcess> BeginInAsync(string? temporaryFiles, params string[] arguments)
    {
        for (var attempt = 1; ; attempt++)
        {
            var ports = FreePorts(3);
            var directory = temporaryFiles is null ? new TemporaryDirectory() : null;
            var place = temporaryFiles ?? directory!.Path;
            var process = BedplateProcess.Start(
                ["serve", "--http-port", $"{ports[0]}", "--grpc-port", $"{ports[1]}", "--metrics-port", $"{ports[2]}", .. arguments], place);
            var server = new ServerProcess(process, place, directory, ports);
            try
            {
                await Eventually.HoldsAsync(server.IsLiveAsync, () => $"a server that lives. {process}");
                return server;
            }
            catch (InvalidOperationException) when (attempt < Attempts && process.ExitCode == PortTaken)
            {
                await server.DisposeAsync();
            }
            catch
            {
                await server.DisposeAsync();
                throw;
            }
        }
    }

    /// <summary>Waits until it is ready.</summary>
    public Task IsReadyAsync() => Eventually.HoldsAsync(
        async () => await StatusOfAsync("/v2/health/ready") == 200, () => $"a server that is ready. {Process}");

    /// <summary>Asks it to end and waits until it has; its exit code.</summary>
    public Task<int> StopAsync()
    {
        Process.Terminate();
        return Process.WaitForExitAsync();
    }

    /// <summary>The metrics as they are now.</summary>
    public async Task<PrometheusText> ReadMetricsAsync() => PrometheusText.Parse(await Rest.Http.GetStringAsync(MetricsAddress));

    /// <summary>Waits until it has used as much processor time from here on, as a run does that was asked for.</summary>
    /// <param name="time">How much; enough to tell a run from a request's arrival when left out.</param>
    public async Task ComputesAsync(TimeSpan? time = null)
    {
        var until = Process.Readings.ProcessorTime + (time ?? Computing);
        await Eventually.HoldsAsync(() => Process.Readings.ProcessorTime > until, () => $"a server that computes for {time ?? Computing}");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Rest.Dispose();
        Grpc.Dispose();
        await Process.DisposeAsync();
        _directory?.Dispose();
    }

    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        var ports = listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).ToArray();
        listeners.ForEach(listener => listener.Stop());
        return ports;
    }

    private async Task<bool> IsLiveAsync() => await StatusOfAsync("/v2/health/live") == 200;

    private async Task<int> StatusOfAsync(string path)
    {
        if (Process.HasExited)
        {
            throw new InvalidOperationException($"The server has ended. {Process}");
        }

        try
        {
            return (await Rest.GetAsync(path)).Status;
        }
        catch (HttpRequestException)
        {
            return 0;
        }
    }
}
