using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace Bedplate.Bench.GrpcFloor;

/// <summary>Loads two servers in turns and compares what a request costs them.</summary>
internal static class Comparison
{
    // Calls under way at the same time, over one connection.
    private const int Concurrency = 16;

    public static async Task RunAsync(TimeSpan turn, int turns, int tensorBytes)
    {
        using var floor = new Server("floor", tensorBytes);
        using var bedplate = new Server("bedplate", tensorBytes);
        await floor.LoadAsync(turn);
        await bedplate.LoadAsync(turn);
        var costs = new List<(Cost Least, Cost Ours)>();
        for (var i = 0; i < turns; i++)
        {
            var least = await floor.LoadAsync(turn);
            var ours = await bedplate.LoadAsync(turn);
            costs.Add((least, ours));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"floor {least}   bedplate {ours}   CPU ratio {ours.Microseconds / least.Microseconds:0.00}   bytes over the floor {ours.Bytes - least.Bytes:0}"));
        }

        var medianLeast = Median(costs.Select(pair => pair.Least.Microseconds));
        var medianOurs = Median(costs.Select(pair => pair.Ours.Microseconds));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"medians: floor {medianLeast:0.0} µs, bedplate {medianOurs:0.0} µs, ratio {medianOurs / medianLeast:0.00}; "
            + $"{Median(costs.Select(pair => pair.Ours.Bytes)):0} B allocated per request"));
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }

    private sealed record Cost(double Microseconds, double Bytes, double PerSecond)
    {
        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"{Microseconds:0.0} µs CPU, {Bytes:0} B, {PerSecond:0}/s");
    }

    private sealed class Server : IDisposable
    {
        private readonly Process _process;
        private readonly HttpClient _client;
        private readonly byte[] _request;

        public Server(string kind, int tensorBytes)
        {
            _request = ServerProcess.RequestFrame(tensorBytes);
            _process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["serve", kind, tensorBytes.ToString(CultureInfo.InvariantCulture)])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;
            _client = new HttpClient
            {
                BaseAddress = new Uri(_process.StandardOutput.ReadLine()!),
                DefaultRequestVersion = HttpVersion.Version20,
                DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            };
        }

        public async Task<Cost> LoadAsync(TimeSpan duration)
        {
            var (ticksBefore, bytesBefore) = Read();
            var clock = Stopwatch.StartNew();
            var counts = await Task.WhenAll(Enumerable.Range(0, Concurrency).Select(_ => CallUntilAsync(clock, duration)));
            var elapsed = clock.Elapsed;
            var (ticks, bytes) = Read();
            double count = counts.Sum();
            return new Cost(
                (double)(ticks - ticksBefore) / TimeSpan.TicksPerMicrosecond / count, (bytes - bytesBefore) / count, count / elapsed.TotalSeconds);
        }

        public void Dispose()
        {
            _client.Dispose();
            _process.StandardInput.Close();
            _process.WaitForExit();
            _process.Dispose();
        }

        private async Task<long> CallUntilAsync(Stopwatch clock, TimeSpan end)
        {
            var count = 0L;
            while (clock.Elapsed < end)
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, "/inference.GRPCInferenceService/ModelInfer")
                {
                    Content = new ByteArrayContent(_request),
                    Version = HttpVersion.Version20,
                    VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                };
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
                request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
                using var response = await _client.SendAsync(request);
                await response.Content.ReadAsByteArrayAsync();
                if (!response.TrailingHeaders.TryGetValues("grpc-status", out var status) || status.Single() != "0")
                {
                    throw new InvalidOperationException($"The call failed: {response}");
                }

                count++;
            }

            return count;
        }

        private (long Ticks, long Bytes) Read()
        {
            _process.StandardInput.WriteLine();
            var numbers = _process.StandardOutput.ReadLine()!.Split(' ');
            return (long.Parse(numbers[0], CultureInfo.InvariantCulture), long.Parse(numbers[1], CultureInfo.InvariantCulture));
        }
    }
}
