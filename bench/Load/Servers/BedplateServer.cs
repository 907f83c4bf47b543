using System.Diagnostics;
using System.Globalization;
using Bedplate.Bench.Load.Models;

namespace Bedplate.Bench.Load.Servers;

/// <summary>The server under test, running on free ports of the loopback interface.</summary>
internal sealed class BedplateServer : IAsyncDisposable
{
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromMinutes(5) };

    private BedplateServer(ServerProcess process, IReadOnlyDictionary<string, string> addresses)
    {
        Process = process;
        Http = new Uri(addresses["HTTP"]);
        Grpc = new Uri($"grpc://{addresses["gRPC"]}");
        GrpcAsHttp = new Uri($"http://{addresses["gRPC"]}");
        MetricsUrl = new Uri(addresses["metrics"]);
    }

    public ServerProcess Process { get; }

    /// <summary>Where it answers HTTP.</summary>
    public Uri Http { get; }

    /// <summary>Where it answers gRPC, in the scheme of <c>bedplate bench</c>.</summary>
    public Uri Grpc { get; }

    /// <summary>The same, in the scheme of HTTP/2 clients.</summary>
    public Uri GrpcAsHttp { get; }

    /// <summary>A client for what is not measured.</summary>
    public HttpClient Client => _client;

    private Uri MetricsUrl { get; }

    /// <summary>Starts it with the models of a repository, and waits until they are loaded.</summary>
    /// <param name="repository">The models.</param>
    /// <param name="flags">Settings beyond the default ones.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task<BedplateServer> StartAsync(
        RepositoryFolder repository, IEnumerable<string> flags, CancellationToken cancellationToken) =>
        StartAsync(command => new ProcessStartInfo(Checkout.Bedplate, command), repository, flags, cancellationToken);

    /// <summary>As the other, in a process that is started in a way of one's own.</summary>
    /// <param name="start">Makes the start of a process from the server's arguments.</param>
    /// <param name="repository">The models.</param>
    /// <param name="flags">Settings beyond the default ones.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<BedplateServer> StartAsync(
        Func<IEnumerable<string>, ProcessStartInfo> start, RepositoryFolder repository, IEnumerable<string> flags, CancellationToken cancellationToken)
    {
        // The start message: "  HTTP     http://127.0.0.1:8000", then gRPC, then metrics; it comes when models are loaded.
        var addresses = new Dictionary<string, string>();
        string[] command =
        [
            "serve", "--model-repository", repository.Path, "--http-port", "0", "--grpc-port", "0", "--metrics-port", "0", .. flags,
        ];
        var process = await ServerProcess.StartAsync(
            start(command),
            line =>
            {
                if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["HTTP" or "gRPC" or "metrics", _] words)
                {
                    addresses[words[0]] = words[1];
                }

                return addresses.Count == 3;
            },
            cancellationToken);
        return new BedplateServer(process, addresses);
    }

    /// <summary>All its metrics, by name and labels as they stand in the text.</summary>
    public async Task<Metrics> ReadMetricsAsync(CancellationToken cancellationToken)
    {
        var values = new Dictionary<string, double>();
        foreach (var line in (await _client.GetStringAsync(MetricsUrl, cancellationToken)).Split('\n'))
        {
            var space = line.LastIndexOf(' ');
            if (space > 0 && line[0] != '#')
            {
                values[line[..space]] = double.Parse(line.AsSpan(space + 1).Trim(), CultureInfo.InvariantCulture);
            }
        }

        return new Metrics(values);
    }

    /// <summary>Asks the repository to load or unload a model; one that does not ends the measurement.</summary>
    public async Task ChangeModelAsync(string name, string change, CancellationToken cancellationToken)
    {
        using var body = new StringContent("{}");
        using var answer = await _client.PostAsync(new Uri(Http, $"/v2/repository/models/{name}/{change}"), body, cancellationToken);
        if (!answer.IsSuccessStatusCode)
        {
            throw new LoadException($"'{name}' did not {change}: {await answer.Content.ReadAsStringAsync(cancellationToken)}");
        }
    }

    /// <summary>Waits until no model is being unloaded any more: the answer to the request comes before.</summary>
    public async Task WaitForUnloadsAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            using var body = new StringContent("{}");
            using var answer = await _client.PostAsync(new Uri(Http, "/v2/repository/index"), body, cancellationToken);
            var index = await answer.Content.ReadAsStringAsync(cancellationToken);
            if (!index.Contains("\"UNLOADING\"", StringComparison.Ordinal))
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), cancellationToken);
        }
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return Process.DisposeAsync();
    }
}
