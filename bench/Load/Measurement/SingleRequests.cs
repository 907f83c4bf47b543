using System.Diagnostics;
using Bedplate.Bench.Load.Models;
using Bedplate.Bench.Load.Servers;

namespace Bedplate.Bench.Load.Measurement;

/// <summary>Requests one after the other, to see how a server does in the next moment.</summary>
/// <param name="server">The server.</param>
/// <param name="model">The model.</param>
/// <param name="servedAs">The name it is served under; null for the model's own.</param>
internal sealed class SingleRequests(BedplateServer server, BenchModel model, string? servedAs = null)
{
    // Beyond this the wait is over and the answer is "not".
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // How many in a row must be as wanted: one may be by chance.
    private const int InARow = 3;

    private readonly HttpBody _body = InferRequests.Binary(model);

    /// <summary>Milliseconds of each request sent within a while.</summary>
    public async Task<Sample> MeasureAsync(TimeSpan duration, CancellationToken cancellationToken)
    {
        var latencies = new Sample();
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < duration)
        {
            latencies.Add(await SendAsync(cancellationToken));
        }

        return latencies;
    }

    /// <summary>Seconds until requests take no longer than so many milliseconds; not a number when they never do.</summary>
    public async Task<double> SecondsUntilAsync(double milliseconds, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var start = clock.Elapsed;
        for (var good = 0; clock.Elapsed < Patience;)
        {
            if (await SendAsync(cancellationToken) > milliseconds)
            {
                good = 0;
                start = clock.Elapsed;
            }
            else if (++good == InARow)
            {
                return start.TotalSeconds;
            }
        }

        return double.NaN;
    }

    /// <summary>Milliseconds of one request; infinity when it is not answered.</summary>
    public async Task<double> SendAsync(CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        using var content = new ByteArrayContent(_body.Bytes);
        foreach (var (name, value) in _body.Headers)
        {
            content.Headers.TryAddWithoutValidation(name, value);
        }

        using var answer = await server.Client.PostAsync(new Uri(server.Http, InferRequests.Path(servedAs ?? model.Name)), content, cancellationToken);
        await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        return answer.IsSuccessStatusCode ? Stopwatch.GetElapsedTime(start).TotalMilliseconds : double.PositiveInfinity;
    }
}
