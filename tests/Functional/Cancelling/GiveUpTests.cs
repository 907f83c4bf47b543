using System.Text;
using Bedplate.Protocols;
using Bedplate.Server;
using Bedplate.Tests.TestKit.Grpc;
using Bedplate.Tests.TestKit.Models;
using Bedplate.Tests.TestKit.Server;
using Bedplate.Tests.TestKit.Time;

namespace Bedplate.Tests.Functional.Cancelling;

public class GiveUpTests
{
    [Theory]
    [InlineData("REST")]
    [InlineData("gRPC")]
    [InlineData("gRPC stream")]
    public async Task A_caller_who_leaves_ends_the_run_and_frees_its_slot(string protocol)
    {
        using var models = new ModelFolder().AddLoop();
        await using var server = await ServerProcess.StartAsync("--model-repository", models.Path);
        using (var caller = new Caller(server, protocol))
        {
            await caller.SendAsync();
            await server.ComputesAsync();
        }

        // There is one slot; were the run going on, this would wait for ever.
        await AnswersAsync(server);
        var metrics = await server.ReadMetricsAsync();
        Assert.Equal(1, metrics.Sum("nv_inference_request_failure", ("model", LoopModel.Name), ("reason", "CANCELED")));
        Assert.Equal(1, metrics.Sum("nv_inference_request_success", ("model", LoopModel.Name)));
    }

    [Fact]
    public async Task A_run_across_many_nodes_ends_between_two_of_them()
    {
        // 400 products of 512 × 512 numbers one after the other: some seconds here, a fraction of one on a large machine.
        using var models = new ModelFolder().Add("chain", OnnxModels.HeavyChain(nodes: 400), "instance_group { count: 1 }");
        await using var server = await ServerProcess.StartAsync("--model-repository", models.Path);
        var body = new byte[512 * 512 * sizeof(float)];
        (string, string) raw = ("Inference-Header-Content-Length", "0");
        Assert.Equal(200, (await server.Rest.PostAsync("/v2/models/chain/infer", body, raw)).Status);
        var whole = await TimesAsync(server);

        using var leaving = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/models/chain/infer") { Content = new ByteArrayContent(body) };
        var given = server.Rest.SendAsync(request, leaving.Token, raw);
        await server.ComputesAsync(whole.Run / 10);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);

        // The next one waits for the rest of a product and not for the rest of the run.
        Assert.Equal(200, (await server.Rest.PostAsync("/v2/models/chain/infer", body, raw)).Status);
        var after = await TimesAsync(server);
        Assert.InRange(after.Queue - whole.Queue, TimeSpan.Zero, whole.Run / 2);
    }

    [Theory]
    [InlineData("REST")]
    [InlineData("gRPC")]
    public async Task A_deadline_that_passes_ends_the_run_and_frees_its_slot(string protocol)
    {
        using var models = new ModelFolder().AddLoop();
        await using var server = await ServerProcess.StartAsync("--model-repository", models.Path);
        if (protocol == "REST")
        {
            var answer = await server.Rest.PostAsync(LoopModel.Path, LoopModel.Json(LoopModel.Endless), ("X-Request-Timeout-Ms", "400"));
            Assert.Equal(504, answer.Status);
            Assert.Equal("Deadline exceeded: the request's end-to-end deadline passed before an answer was ready.", answer.Error);
        }
        else
        {
            var result = await server.Grpc.CallAsync("ModelInfer", LoopModel.Message(LoopModel.Endless), ("grpc-timeout", "400m"));
            Assert.Equal(GrpcCode.DeadlineExceeded, result.Status);
        }

        await AnswersAsync(server);
        var metrics = await server.ReadMetricsAsync();
        Assert.Equal(1, metrics.Sum("nv_inference_request_failure", ("model", LoopModel.Name), ("reason", "REJECTED")));
    }

    [Fact]
    public async Task Who_waits_and_leaves_is_out_of_the_queue_at_once()
    {
        using var models = new ModelFolder().AddLoop();
        await using var server = await ServerProcess.StartAsync("--model-repository", models.Path);
        using var running = new Caller(server, "REST");
        await running.SendAsync();
        await server.ComputesAsync();
        using (var first = new Caller(server, "REST"))
        using (var second = new Caller(server, "gRPC"))
        {
            await first.SendAsync();
            await second.SendAsync();
            await WaitingAsync(server, 2);
        }

        await WaitingAsync(server, 0);
        Assert.Equal(2, (await server.ReadMetricsAsync()).Sum("nv_inference_request_failure", ("reason", "CANCELED")));
    }

    [Fact]
    public async Task A_run_that_turns_out_long_on_the_thread_that_brought_it_can_still_be_given_up()
    {
        // Quick requests have shown that this model may run on the calling thread, where nobody can reach a run.
        using var models = new ModelFolder().AddLoop();
        await using var server = await HostedServer.StartAsync(new ServerOptions
        {
            ModelRepositories = [models.Path],
            Engine = new() { InlineRunLimit = TimeSpan.FromMilliseconds(20) },
        });
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(200, (await server.Rest.PostAsync(LoopModel.Path, LoopModel.Json(3))).Status);
        }

        var endless = server.Rest.PostAsync(LoopModel.Path, LoopModel.Json(LoopModel.Endless), ("X-Request-Timeout-Ms", "1000"));
        Assert.Equal(504, (await endless.WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken)).Status);
        var answer = await server.Rest.PostAsync(LoopModel.Path, LoopModel.Json(5));
        Assert.Equal([5], answer.Output<long>("count"));
    }

    private static async Task AnswersAsync(ServerProcess server)
    {
        var answer = await server.Rest.PostAsync(LoopModel.Path, LoopModel.Json(7)).WaitAsync(Eventually.Patience);
        Assert.Equal([7], answer.Output<long>("count"));
    }

    private static Task WaitingAsync(ServerProcess server, int count) => Eventually.HoldsAsync(
        async () => (await server.ReadMetricsAsync()).Sum("nv_inference_pending_request_count") == count, () => $"{count} requests waiting");

    private static async Task<(TimeSpan Queue, TimeSpan Run)> TimesAsync(ServerProcess server)
    {
        var statistics = (await server.Rest.GetAsync("/v2/models/chain/stats")).Json["model_stats"]![0]!["inference_stats"]!;
        return (Nanoseconds("queue"), Nanoseconds("compute_infer"));

        TimeSpan Nanoseconds(string name) => TimeSpan.FromMicroseconds((long)statistics[name]!["ns"]! / 1000);
    }

    /// <summary>Someone who asks for what never ends; disposing leaves.</summary>
    private sealed class Caller(ServerProcess server, string protocol) : IDisposable
    {
        private readonly CancellationTokenSource _leaving = new();
        private GrpcTestDuplex? _stream;

        public async Task SendAsync()
        {
            if (protocol == "gRPC stream")
            {
                _stream = await server.Grpc.OpenInferAsync();
                await _stream.SendAsync(LoopModel.Message(LoopModel.Endless));
                return;
            }

            var request = protocol == "gRPC"
                ? GrpcTestClient.CreateRequest("/inference.GRPCInferenceService/ModelInfer", new ByteArrayContent(GrpcFrame.Of(LoopModel.Message(LoopModel.Endless))))
                : new HttpRequestMessage(HttpMethod.Post, LoopModel.Path) { Content = new StringContent(LoopModel.Json(LoopModel.Endless), Encoding.UTF8) };
            _ = protocol == "gRPC" ? server.Grpc.SendAsync(request, _leaving.Token) : server.Rest.Http.SendAsync(request, _leaving.Token);
        }

        public void Dispose()
        {
            _leaving.Cancel();
            _stream?.Dispose();
            _leaving.Dispose();
        }
    }
}
