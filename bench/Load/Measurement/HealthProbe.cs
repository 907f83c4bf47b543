using System.Diagnostics;
using Bedplate.Bench.Load.Servers;

namespace Bedplate.Bench.Load.Measurement;

/// <summary>Asks a server for its health again and again, and notes how long each answer takes.</summary>
internal sealed class HealthProbe : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);
    private const int WarmUps = 50;

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _probing;

    private HealthProbe(HttpClient client, Uri url) => _probing = ProbeAsync(client, url);

    /// <summary>Milliseconds of each answer; complete once the probe is disposed.</summary>
    public Sample Latencies { get; } = new();

    /// <summary>Answers that were no success.</summary>
    public int Failed { get; private set; }

    /// <summary>Starts one, its own code compiled.</summary>
    public static async Task<HealthProbe> StartAsync(BedplateServer server, CancellationToken cancellationToken)
    {
        var url = new Uri(server.Http, "/v2/health/ready");
        for (var i = 0; i < WarmUps; i++)
        {
            using var answer = await server.Client.GetAsync(url, cancellationToken);
        }

        return new HealthProbe(server.Client, url);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _probing;
        _stop.Dispose();
    }

    private async Task ProbeAsync(HttpClient client, Uri url)
    {
        using var timer = new PeriodicTimer(Interval);
        long asked = 0;
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                asked = Stopwatch.GetTimestamp();
                using var answer = await client.GetAsync(url, _stop.Token);
                Latencies.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
                asked = 0;
                Failed += answer.IsSuccessStatusCode ? 0 : 1;
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or HttpRequestException)
        {
            // Enough asked, or nobody there. An answer that is still out has taken so long at least.
            if (asked != 0)
            {
                Latencies.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
                Failed += exception is HttpRequestException ? 1 : 0;
            }
        }
    }
}
