using System.Globalization;
using System.Text.Json;
using Bedplate.Bench.Load.Models;

namespace Bedplate.Bench.Load.Generators;

/// <summary>
/// wrk, an HTTP load generator in C: some 10 µs of processor time per request, so that the server has the rest of the
/// machine. Closed loop.
/// </summary>
internal sealed class Wrk
{
    private readonly string _script;

    /// <summary>Prepares a load of one request, or of the same request to several paths in turn.</summary>
    /// <param name="bench">Where the request's files are kept.</param>
    /// <param name="request">The request.</param>
    /// <param name="paths">Where it goes; none for the path of the URL.</param>
    public Wrk(Workbench bench, HttpBody request, params IReadOnlyCollection<string> paths)
    {
        var body = bench.PathFor("body");
        File.WriteAllBytes(body, request.Bytes);
        _script = bench.PathFor("wrk.lua");
        var headers = string.Concat(request.Headers.Select(header => $"wrk.headers['{header.Key}'] = '{header.Value}'\n"));
        File.WriteAllText(
            _script,
            $$"""
            local file = io.open('{{body}}', 'rb')
            wrk.body = file:read('*a')
            file:close()
            wrk.method = 'POST'
            {{headers}}
            {{Rotation(paths)}}
            function done(summary, latency, requests)
              local errors = summary.errors
              io.write(string.format('RESULT {"requests":%d,"failed":%d,"microseconds":%d,"p50":%f,"p99":%f}\n',
                summary.requests, errors.connect + errors.read + errors.write + errors.timeout + errors.status,
                summary.duration, latency:percentile(50), latency:percentile(99)))
            end
            """);
    }

    /// <summary>Loads a server.</summary>
    public async Task<LoadResult> RunAsync(Uri url, int connections, TimeSpan duration, CancellationToken cancellationToken)
    {
        const string Mark = "RESULT ";
        var seconds = Math.Max(1, (int)Math.Round(duration.TotalSeconds));
        var result = await Tool.RunAsync(
            "wrk",
            ["-t1", $"-c{connections}", $"-d{seconds}s", "--timeout", "30s", "-s", _script, url.ToString()],
            cancellationToken);
        var line = result.Output.Split('\n').First(line => line.StartsWith(Mark, StringComparison.Ordinal));
        using var document = JsonDocument.Parse(line.AsMemory(Mark.Length));
        var root = document.RootElement;
        var failed = root.GetProperty("failed").GetInt64();
        return new LoadResult(
            root.GetProperty("requests").GetInt64() - failed,
            failed,
            root.GetProperty("microseconds").GetDouble() / 1e6,
            root.GetProperty("p50").GetDouble() / 1000,
            root.GetProperty("p99").GetDouble() / 1000);
    }

    private static string Rotation(IReadOnlyCollection<string> paths) => paths.Count == 0
        ? ""
        : string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            local requests = {}
            for path in ('{{string.Join(' ', paths)}}'):gmatch('%S+') do
              requests[#requests + 1] = path
            end
            local next = 0
            function request()
              next = next % #requests + 1
              return wrk.format(nil, requests[next])
            end
            """);
}
