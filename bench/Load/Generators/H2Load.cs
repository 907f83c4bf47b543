using System.Globalization;
using System.Text.RegularExpressions;
using Bedplate.Bench.Load.Measurement;

namespace Bedplate.Bench.Load.Generators;

/// <summary>h2load, an HTTP/2 load generator in C, sending one prepared gRPC message. Closed loop.</summary>
internal sealed partial class H2Load
{
    private readonly string _body;
    private readonly string _log;

    /// <summary>Prepares a load of one request.</summary>
    public H2Load(Workbench bench, byte[] frame)
    {
        _body = bench.PathFor("body");
        _log = bench.PathFor("h2load.log");
        File.WriteAllBytes(_body, frame);
    }

    /// <summary>Loads a server over so many connections, one call at a time on each.</summary>
    public async Task<LoadResult> RunAsync(Uri server, string path, int connections, TimeSpan duration, CancellationToken cancellationToken)
    {
        File.Delete(_log);
        var result = await Tool.RunAsync(
            "h2load",
            [
                "-t1", $"-c{connections}", "-m1", $"-D{Math.Max(1, (int)Math.Round(duration.TotalSeconds))}s", "-d", _body,
                "-H", "content-type: application/grpc", "-H", "te: trailers", $"--log-file={_log}", new Uri(server, path).ToString(),
            ],
            cancellationToken);
        var counts = Counts().Match(result.Output);
        var seconds = Seconds().Match(result.Output);
        if (!counts.Success || !seconds.Success)
        {
            throw new LoadException($"h2load's output has another form than expected: {result.Output}");
        }

        var latencies = await ReadLatenciesAsync(cancellationToken);
        return new LoadResult(
            long.Parse(counts.Groups["succeeded"].ValueSpan, CultureInfo.InvariantCulture),
            long.Parse(counts.Groups["failed"].ValueSpan, CultureInfo.InvariantCulture)
                + long.Parse(counts.Groups["errored"].ValueSpan, CultureInfo.InvariantCulture),
            double.Parse(seconds.Groups["seconds"].ValueSpan, CultureInfo.InvariantCulture),
            latencies.Percentile(50),
            latencies.Percentile(99));
    }

    // A line per request: start in microseconds since the epoch, HTTP status, microseconds it took.
    private async Task<Sample> ReadLatenciesAsync(CancellationToken cancellationToken)
    {
        var latencies = new Sample();
        await foreach (var line in File.ReadLinesAsync(_log, cancellationToken))
        {
            latencies.Add(double.Parse(line.AsSpan(line.LastIndexOf('\t') + 1), CultureInfo.InvariantCulture) / 1000);
        }

        return latencies;
    }

    [GeneratedRegex(@"(?<succeeded>\d+) succeeded, (?<failed>\d+) failed, (?<errored>\d+) errored")]
    private static partial Regex Counts();

    [GeneratedRegex(@"finished in (?<seconds>[\d.]+)s")]
    private static partial Regex Seconds();
}
