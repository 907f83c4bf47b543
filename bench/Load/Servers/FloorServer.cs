using System.Diagnostics;
using Bedplate.Bench.Load.Models;

namespace Bedplate.Bench.Load.Servers;

/// <summary>A floor program that runs (bench/floors).</summary>
internal sealed class FloorServer : IAsyncDisposable
{
    /// <summary>The transport that is leanest for HTTP.</summary>
    public const string Inline = "inline";

    /// <summary>Kestrel's own transport, which is leanest for gRPC.</summary>
    public const string Pool = "pool";

    private FloorServer(ServerProcess process, Uri url)
    {
        Process = process;
        Url = url;
    }

    public ServerProcess Process { get; }

    public Uri Url { get; }

    /// <summary>Serves a model over HTTP.</summary>
    public static Task<FloorServer> StartHttpAsync(BenchModel model, string transport, CancellationToken cancellationToken) =>
        StartAsync("HttpFloor", [model.File, model.Name], transport, cancellationToken);

    /// <summary>Serves a model over gRPC.</summary>
    public static Task<FloorServer> StartGrpcAsync(BenchModel model, string transport, CancellationToken cancellationToken) =>
        StartAsync("GrpcFloor", [model.File, model.Name], transport, cancellationToken);

    /// <summary>Takes bodies under /in, and answers with so many bytes under /out.</summary>
    public static Task<FloorServer> StartEchoAsync(int bytes, string transport, CancellationToken cancellationToken) =>
        StartAsync("EchoFloor", [$"{bytes}"], transport, cancellationToken);

    public ValueTask DisposeAsync() => Process.DisposeAsync();

    private static async Task<FloorServer> StartAsync(
        string program, IEnumerable<string> arguments, string transport, CancellationToken cancellationToken)
    {
        Uri? url = null;
        var start = new ProcessStartInfo(Checkout.Floor(program), [.. arguments, "0", transport]);
        var process = await ServerProcess.StartAsync(
            start,
            line => line.StartsWith("http://", StringComparison.Ordinal) && Uri.TryCreate(line, UriKind.Absolute, out url),
            cancellationToken);
        return new FloorServer(process, url!);
    }
}
