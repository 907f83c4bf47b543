using System.Diagnostics;
using Bedplate.Protocols;
using Bedplate.Tests.TestKit.Models;
using Bedplate.Tests.TestKit.Server;
using Bedplate.Tests.TestKit.Time;

namespace Bedplate.Tests.Functional.Overload;

public class SaturationTests
{
    [Fact]
    public async Task A_full_queue_refuses_at_once_and_says_when_to_come_back()
    {
        const int queue = 4;
        using var models = new ModelFolder().AddLoop().Add("sum", OnnxModels.Add());
        await using var server = await ServerProcess.StartAsync("--model-repository", models.Path, "--engine-queue-limit", $"{queue}");
        using var leaving = new CancellationTokenSource();
        List<Task> accepted = [PostAsync(server, leaving.Token)];
        await server.ComputesAsync();
        accepted.AddRange(Enumerable.Range(0, queue).Select(_ => PostAsync(server, leaving.Token)));
        await Eventually.HoldsAsync(
            async () => (await server.ReadMetricsAsync()).Sum("nv_inference_pending_request_count", ("model", LoopModel.Name)) == queue, () => "a full queue");

        var rest = await server.Rest.PostAsync(LoopModel.Path, LoopModel.Json(1));
        Assert.Equal(503, rest.Status);
        Assert.StartsWith($"Exceeds maximum queue size: {queue} requests wait for model 'loop'.", rest.Error);
        Assert.InRange(int.Parse(rest.Headers["Retry-After"]), 1, 60);
        var grpc = await server.Grpc.CallAsync("ModelInfer", LoopModel.Message(1));
        Assert.Equal(GrpcCode.Unavailable, grpc.Status);
        Assert.InRange(int.Parse(grpc.RetryPushback!), 1, 60_000);

        // Another model's requests do not wait in this queue.
        await SumModel.AnswersAsync(server, "sum");
        await leaving.CancelAsync();
        await Task.WhenAll(accepted);
        await Eventually.HoldsAsync(
            async () => (await server.ReadMetricsAsync()).Sum("nv_inference_pending_request_count", ("model", LoopModel.Name)) == 0, () => "an empty queue");
        var answer = await server.Rest.PostAsync(LoopModel.Path, LoopModel.Json(1));
        Assert.Equal([1], answer.Output<long>("count"));
    }

    [Fact]
    public async Task Fifty_busy_models_of_four_slots_each_do_not_become_two_hundred_threads()
    {
        const int count = 50;
        const int slots = 4;
        using var models = new ModelFolder();
        for (var i = 0; i < count; i++)
        {
            models.AddLoop(slots, $"loop{i}");
        }

        await using var server = await ServerProcess.StartAsync("--model-repository", models.Path, "--trial-enabled", "false");
        var idle = server.Process.Readings.Threads;
        var requests = Enumerable.Range(0, count * slots).Select(i => server.Rest.PostAsync(LoopModel.PathOf($"loop{i % count}"), LoopModel.Json(5_000))).ToList();
        var most = 0;
        while (!requests.TrueForAll(request => request.IsCompleted))
        {
            most = Math.Max(most, server.Process.Readings.Threads);
            await Task.WhenAny(Task.WhenAll(requests), Task.Delay(5, TestContext.Current.CancellationToken));
        }

        Assert.All(await Task.WhenAll(requests), answer => Assert.Equal([5_000], answer.Output<long>("count")));

        // The compute threads are there from the start; what comes on top are a few of the thread pool for the sockets.
        Assert.InRange(most, 1, idle + 10 + Environment.ProcessorCount);
        Assert.InRange(idle, 1, 40 + (4 * Environment.ProcessorCount));
    }

    [Fact]
    public async Task Health_is_answered_while_a_heavy_model_takes_all_there_is()
    {
        using var models = new ModelFolder().Add("chain", OnnxModels.HeavyChain(nodes: 50));
        await using var server = await ServerProcess.StartAsync("--model-repository", models.Path, "--trial-enabled", "false");
        var before = await HealthAsync(server);
        using var stop = new CancellationTokenSource();
        var busy = Enumerable.Range(0, 4 * Environment.ProcessorCount).Select(_ => SaturateAsync(server, stop.Token)).ToList();
        await server.ComputesAsync();
        var during = await HealthAsync(server);
        await stop.CancelAsync();
        await Task.WhenAll(busy);

        // Of a machine that is busy with other things the first measurement says how slow it is by itself.
        var bound = before + TimeSpan.FromMilliseconds(250);
        Assert.True(during < bound, $"p95 of {during.TotalMilliseconds:0} ms, before {before.TotalMilliseconds:0} ms");
    }

    private static async Task PostAsync(ServerProcess server, CancellationToken leaving)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, LoopModel.Path) { Content = new StringContent(LoopModel.Json(LoopModel.Endless)) };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => server.Rest.SendAsync(request, leaving));
    }

    private static async Task SaturateAsync(ServerProcess server, CancellationToken stop)
    {
        var body = new byte[512 * 512 * sizeof(float)];
        while (!stop.IsCancellationRequested)
        {
            Assert.Equal(200, (await server.Rest.PostAsync("/v2/models/chain/infer", body, ("Inference-Header-Content-Length", "0"))).Status);
        }
    }

    // The 95th percentile of a hundred.
    private static async Task<TimeSpan> HealthAsync(ServerProcess server)
    {
        var times = new List<TimeSpan>();
        for (var i = 0; i < 100; i++)
        {
            var start = Stopwatch.GetTimestamp();
            Assert.Equal(200, (await server.Rest.GetAsync("/v2/health/ready")).Status);
            times.Add(Stopwatch.GetElapsedTime(start));
        }

        times.Sort();
        return times[94];
    }
}
