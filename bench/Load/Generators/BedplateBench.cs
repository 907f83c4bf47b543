using System.Globalization;
using System.Text.Json;
using Bedplate.Bench.Load.Models;

namespace Bedplate.Bench.Load.Generators;

/// <summary>A run of <c>bedplate bench</c>: closed or open loop, with deadlines, and the server's own account beside it.</summary>
internal sealed record BedplateBench
{
    // Its status when a level had no answer at all, which is a result too.
    private const int NothingAnswered = 6;

    /// <summary>The server, with the scheme of the protocol: http or grpc.</summary>
    public required Uri Url { get; init; }

    /// <summary>The model, and with it the requests' shapes and data.</summary>
    public required BenchModel Model { get; init; }

    /// <summary>The name it is served under; null for the model's own.</summary>
    public string? ServedAs { get; init; }

    /// <summary>Closed loop: requests in flight.</summary>
    public int Concurrency { get; init; } = 1;

    /// <summary>Open loop with exponential gaps: requests per second; 0 for a closed loop.</summary>
    public double Rate { get; init; }

    /// <summary>Deadline sent with each request; zero for none.</summary>
    public TimeSpan Deadline { get; init; }

    /// <summary>What is measured; a fifth of it, at most a second, goes before unmeasured.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Runs it.</summary>
    public async Task<BenchResult> RunAsync(Workbench bench, CancellationToken cancellationToken)
    {
        List<string> arguments =
        [
            "bench", "--model", ServedAs ?? Model.Name, "--url", Url.ToString().TrimEnd('/'), "--output", "json",
            "--measurement-interval", Text(Duration.TotalMilliseconds), "--max-trials", "1", .. Model.BenchArguments(bench),
        ];
        arguments.AddRange(Rate > 0
            ? ["--request-rate-range", Text(Rate), "--request-distribution", "poisson", "--max-in-flight", "4096"]
            : ["--concurrency-range", Text(Concurrency)]);
        if (Deadline > TimeSpan.Zero)
        {
            arguments.AddRange(["--deadline-ms", Text(Deadline.TotalMilliseconds)]);
        }

        var result = await Tool.RunAsync(Checkout.Bedplate, arguments, cancellationToken, NothingAnswered);
        using var document = JsonDocument.Parse(result.Output);
        return new BenchResult(document.RootElement.GetProperty("levels")[0].Clone());
    }

    private static string Text(double number) => Math.Round(number).ToString(CultureInfo.InvariantCulture);
}
