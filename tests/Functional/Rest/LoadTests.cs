using System.Diagnostics;
using System.Text;
using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Server;
using Bedplate.Tests.TestKit.Time;

namespace Bedplate.Tests.Functional.Rest;

/// <summary>What happens when there is too much to do, too little time, or nobody there any more.</summary>
public class LoadTests
{
    private const string Path = "/v2/models/slow/infer";
    private const string Body = """{"inputs":[{"name":"IN","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]}""";
    private const int InputBytes = 16;

    [Fact]
    public async Task A_deadline_counts_from_the_headers()
    {
        await using var server = await RestTestServer.StartAsync(TestModels.Identity("slow", delayMilliseconds: 60_000));
        var answer = await server.PostAsync(Path, Body, ("X-Request-Timeout-Ms", "50"));
        Assert.Equal(504, answer.Status);
        Assert.StartsWith("Deadline exceeded: ", answer.Error);

        // The time in which the body is on its way counts.
        using var connection = server.Connect();
        connection.Send(RawConnection.Head(Path, Body.Length, ("X-Request-Timeout-Ms", "30")));
        WaitUntil(TimeSpan.FromMilliseconds(60));
        connection.Send(Body);
        Assert.Equal(504, connection.Read()!.Status);
    }

    [Fact]
    public async Task A_reader_that_stops_is_left_and_what_it_held_is_given_back()
    {
        var hangsUpSoon = new RestTestServerOptions
        {
            Kestrel = kestrel => kestrel.Limits.MinResponseDataRate = new(bytesPerSecond: 1 << 30, gracePeriod: TimeSpan.FromSeconds(1.5)),
        };
        await using var server = await RestTestServer.StartAsync(hangsUpSoon, TestModels.Identity("slow"));
        const int Columns = 4;
        var rows = (16 << 20) / (Columns * sizeof(float));
        var json = $$$"""{"parameters":{"binary_data_output":true},"inputs":[{"name":"IN","shape":[{{{rows}}},{{{Columns}}}],"datatype":"FP32","parameters":{"binary_data_size":{{{16 << 20}}}}}]}""";
        using var connection = server.Connect();
        connection.Send(RawConnection.Head(Path, json.Length + (16 << 20), ("Inference-Header-Content-Length", $"{json.Length}")) + json);
        connection.Send(new byte[16 << 20]);

        var memory = server.Engine.Models.VersionsOf("slow").Single().Memory;
        await Eventually.HoldsAsync(() => memory.BytesInUse >= 16 << 20, () => "an answer on its way");
        await Eventually.HoldsAsync(() => memory.BytesInUse == 0, () => $"the answer's memory to be given back; {memory.BytesInUse} bytes are in use");
        Assert.Equal(200, (await server.PostAsync(Path, Body)).Status);
    }

    [Fact]
    public async Task A_models_own_deadline_holds_for_requests_that_bring_none()
    {
        await using var server = await RestTestServer.StartAsync(
            TestModels.Identity("slow", delayMilliseconds: 60_000) with { DefaultDeadline = TimeSpan.FromMilliseconds(50) });
        Assert.Equal(504, (await server.PostAsync(Path, Body)).Status);

        // Also where the deadline passed before the request had arrived.
        var fail = (await server.GetAsync("/v2/models/slow/stats")).Json["model_stats"]![0]!["inference_stats"]!["fail"]!;
        Assert.Equal(1, (int)fail["count"]!);
        Assert.InRange((long)fail["ns"]!, 1, long.MaxValue);
    }

    [Fact]
    public async Task What_cannot_be_ready_in_time_is_refused_before_its_body()
    {
        await using var server = await RestTestServer.StartAsync(TestModels.Identity("slow", delayMilliseconds: 500, warmUp: true));
        var busy = Enumerable.Range(0, 3).Select(_ => server.PostAsync(Path, Body)).ToList();
        var model = server.Engine.Models.VersionsOf("slow").Single();
        await Eventually.HoldsAsync(() => model.PendingCount == 2, () => $"two requests wait, and not {model.PendingCount}");

        // The body is announced and never sent.
        using var connection = server.Connect();
        connection.Send(RawConnection.Head(Path, 1000, ("X-Request-Timeout-Ms", "1")));
        var refused = connection.Read()!;
        Assert.Equal(503, refused.Status);
        Assert.StartsWith("Overloaded: an answer of model 'slow' would take", refused.Error);
        Assert.InRange(int.Parse(refused.Headers["Retry-After"]), 1, 60);
        Assert.All(await Task.WhenAll(busy), answer => Assert.Equal(200, answer.Status));
    }

    [Fact]
    public async Task A_full_queue_says_when_to_come_back()
    {
        await using var server = await RestTestServer.StartAsync(
            new RestTestServerOptions { Engine = new EngineOptions { QueueLimit = 1 } }, TestModels.Identity("slow", delayMilliseconds: 60_000));
        using var stop = new CancellationTokenSource();
        var model = server.Engine.Models.VersionsOf("slow").Single();
        var running = SendAsync(server, stop.Token);
        var waiting = SendAsync(server, stop.Token);
        await Eventually.HoldsAsync(
            () =>
            {
                // Refused itself if it came before the first was taken up.
                waiting = waiting.IsCompleted ? SendAsync(server, stop.Token) : waiting;
                running = running.IsCompleted ? SendAsync(server, stop.Token) : running;
                return model.PendingCount == 1 && server.Engine.Memory.BytesInUse == 2 * InputBytes;
            },
            () => $"one request runs and one waits; {model.PendingCount} wait");

        // Until neither of the two is on its way any more; a request that slips in between them runs out of time.
        RestTestAnswer refused;
        do
        {
            refused = await server.PostAsync(Path, Body, ("X-Request-Timeout-Ms", "500"));
        }
        while (refused.Status == 504);

        Assert.Equal(503, refused.Status);
        Assert.StartsWith("Exceeds maximum queue size: 1 requests wait for model 'slow'.", refused.Error);
        Assert.InRange(int.Parse(refused.Headers["Retry-After"]), 1, int.MaxValue);

        // A caller that has gone frees its place, waiting or running.
        await stop.CancelAsync();
        await Eventually.HoldsAsync(() => model.Statistics.ToSnapshot().FailuresByKind[EndingKind.Cancelled] == 2, () => "both are counted as cancelled");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(running, waiting));
    }

    [Fact]
    public async Task The_timeout_parameter_bounds_the_wait_in_the_queue()
    {
        await using var server = await RestTestServer.StartAsync(
            TestModels.Identity("slow", delayMilliseconds: 60_000, batching: BatchingSpec.Off with { DefaultQueuePolicy = new QueuePolicy { AllowTimeoutOverride = true } }));
        using var stop = new CancellationTokenSource();
        var busy = SendAsync(server, stop.Token);
        var model = server.Engine.Models.VersionsOf("slow").Single();
        RestTestAnswer answer;
        do
        {
            answer = await server.PostAsync(Path, Body.Replace("{\"inputs\"", "{\"parameters\":{\"timeout\":1000},\"inputs\"", StringComparison.Ordinal), ("X-Request-Timeout-Ms", "5000"));
        }
        while (answer.Status == 504);

        Assert.Equal("503 Request timeout expired", $"{answer.Status} {answer.Error}");
        Assert.False(answer.Headers.ContainsKey("Retry-After"));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => busy);
        await Eventually.HoldsAsync(() => model.Statistics.ToSnapshot().FailuresByKind[EndingKind.Cancelled] == 1, () => "it is counted as cancelled");
    }

    [Fact]
    public async Task Memory_that_is_not_there_is_a_refusal()
    {
        await using var server = await RestTestServer.StartAsync(
            new RestTestServerOptions { Engine = new EngineOptions { InFlightByteLimit = 100_000 } }, TestModels.Identity("slow"));
        var json = Encoding.UTF8.GetBytes("""{"inputs":[{"name":"IN","shape":[10000,4],"datatype":"FP32","parameters":{"binary_data_size":160000}}]}""");
        RestTestAnswer[] answers =
        [
            await server.PostAsync(Path, [.. json, .. new byte[160_000]], ("Inference-Header-Content-Length", $"{json.Length}")),
            await server.PostAsync(Path, new byte[160_000], ("Inference-Header-Content-Length", "0")),
            await server.PostAsync(Path, Body + new string(' ', 200_000)),
            await server.PostAsync(Path, $$"""{"inputs":[{"name":"IN","shape":[10000,4],"datatype":"FP32","data":[{{string.Join(",", Enumerable.Repeat("1", 40_000))}}]}]}"""),

            // The input finds room and its answer in JSON does not.
            await server.PostAsync(Path, new byte[48_000], ("Inference-Header-Content-Length", "0"), ("X-Mine", "1")),
        ];
        Assert.All(answers[..^1], answer =>
        {
            Assert.Equal(503, answer.Status);
            Assert.Equal("Overloaded: the memory for requests in flight does not hold a further request of model 'slow'.", answer.Error);
            Assert.Equal("1", answer.Headers["Retry-After"]);
        });
        Assert.Equal(200, answers[^1].Status);
        json = Encoding.UTF8.GetBytes("""{"inputs":[{"name":"IN","shape":[5000,4],"datatype":"FP32","parameters":{"binary_data_size":80000}}]}""");
        Assert.Equal(503, (await server.PostAsync(Path, [.. json, .. new byte[80_000]], ("Inference-Header-Content-Length", $"{json.Length}"))).Status);
        Assert.Equal(200, (await server.PostAsync(Path, Body)).Status);
    }

    [Fact]
    public async Task A_slow_reader_holds_up_nobody_else()
    {
        await using var server = await RestTestServer.StartAsync(TestModels.IdentityOf("slow", new TensorSpec("IN", DataType.UInt8, new TensorShape(-1))));
        var data = new byte[16 << 20];
        new Random(1).NextBytes(data);
        using var connection = server.Connect();
        connection.Send(RawConnection.Head(Path, data.Length, ("Inference-Header-Content-Length", "0")));
        connection.Send(data);

        // More than the sockets hold between them, so that the server has to wait for the reader.
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal([7], (await server.PostAsync(Path, [7], ("Inference-Header-Content-Length", "0"))).Binary);
        }

        Assert.True(data.AsSpan().SequenceEqual(connection.Read()!.Binary));
    }

    [Fact]
    public async Task A_reader_that_goes_away_gives_its_memory_back()
    {
        await using var server = await RestTestServer.StartAsync(TestModels.IdentityOf("slow", new TensorSpec("IN", DataType.UInt8, new TensorShape(-1))));
        using (var connection = server.Connect())
        {
            connection.Send(RawConnection.Head(Path, 16 << 20, ("Inference-Header-Content-Length", "0")));
            connection.Send(new byte[16 << 20]);
            await Eventually.HoldsAsync(() => server.Engine.Models.VersionsOf("slow").Single().Statistics.ToSnapshot().Success.Count == 1, () => "the request has run");
            Assert.NotEqual(0, server.Engine.Memory.BytesInUse);
        }

        await Eventually.HoldsAsync(() => server.Engine.Memory.BytesInUse == 0, () => $"{server.Engine.Memory.BytesInUse} bytes are given back");
    }

    [Fact]
    public async Task A_reload_under_traffic_loses_no_request()
    {
        await using var server = await RestTestServer.StartAsync(TestModels.Identity("slow"));
        using var stop = new CancellationTokenSource();
        var traffic = Task.Run(async () =>
        {
            var count = 0;
            while (!stop.IsCancellationRequested)
            {
                Assert.Equal(200, (await server.PostAsync(Path, Body)).Status);
                count++;
            }

            return count;
        });
        for (var i = 1; i <= 20; i++)
        {
            await server.LoadAsync(TestModels.Identity("slow") with { ConfigurationStamp = $"{i}" });
        }

        await stop.CancelAsync();
        Assert.NotEqual(0, await traffic);
    }

    private static async Task SendAsync(RestTestServer server, CancellationToken cancellationToken)
    {
        using var content = new StringContent(Body);
        using var response = await server.Client.PostAsync(Path, content, cancellationToken);
    }

    // Time itself is what is tested.
    private static void WaitUntil(TimeSpan elapsed)
    {
        var since = Stopwatch.StartNew();
        while (since.Elapsed < elapsed)
        {
            Thread.Yield();
        }
    }
}
