using Bedplate.Contracts.OpenInference;
using Bedplate.Tests.TestKit.Models;
using Bedplate.Tests.TestKit.Processes;
using Bedplate.Tests.TestKit.Server;
using Bedplate.Tests.TestKit.Time;

namespace Bedplate.Tests.Functional.Stopping;

public class StopTests
{
    private const string Path = "/v2/models/slow/infer";
    private const int Rows = 256;
    private static readonly float[] Numbers = [.. Enumerable.Range(0, Rows * 4).Select(i => (float)i)];
    private static readonly string Body = $$"""{"inputs":[{"name":"IN","shape":[{{Rows}},4],"datatype":"FP32","data":[{{string.Join(',', Numbers)}}]}]}""";

    [Fact]
    public async Task Told_to_stop_it_answers_what_it_has_takes_nothing_new_and_ends_well()
    {
        using var models = new ModelFolder().AddIdentity("slow", Delay(milliseconds: 3000));
        await using var server = await ServerProcess.StartAsync("--model-repository", models.Path);

        // One connection is at rest and one is in the middle of a request; the stop must wait for the second alone.
        Assert.Equal(200, (await server.Rest.GetAsync("/v2/health/live")).Status);
        var rest = server.Rest.PostAsync(Path, Body);
        var grpc = server.Grpc.CallAsync("ModelInfer", Request());
        await IsRunningAsync(server, requests: 2);
        server.Process.Terminate();

        await Eventually.HoldsAsync(async () => !await TakesConnectionsAsync(server), () => "new connections to be refused");
        Assert.False(server.Process.HasExited);
        var answer = await rest;
        Assert.Equal(Numbers, answer.Output<float>("OUT"));
        Assert.Equal("slow", (await grpc).Single<ModelInferResponse>().ModelName);
        Assert.Equal(0, await server.Process.WaitForExitAsync());
    }

    [Fact]
    public async Task Streams_that_clients_keep_open_do_not_hold_it_up()
    {
        using var models = new ModelFolder().AddIdentity("slow");
        await using var server = await ServerProcess.StartAsync("--model-repository", models.Path);
        using var stream = await server.Grpc.OpenInferAsync();
        await stream.SendAsync(Request());
        Assert.Empty((await stream.ReadAsync<ModelStreamInferResponse>())!.ErrorMessage);
        using var watch = await server.Grpc.OpenAsync("/grpc.health.v1.Health/Watch", new Contracts.Health.HealthCheckRequest());
        Assert.NotNull(await watch.ReadAsync<Contracts.Health.HealthCheckResponse>());

        server.Process.Terminate();
        Assert.Equal(0, await server.Process.WaitForExitAsync(TimeSpan.FromSeconds(15)));
    }

    [Fact]
    public async Task What_takes_longer_than_the_shutdown_timeout_is_given_up()
    {
        using var models = new ModelFolder().AddLoop();
        await using var server = await ServerProcess.StartAsync("--model-repository", models.Path, "--shutdown-timeout", "500ms");
        var request = server.Rest.PostAsync(LoopModel.Path, LoopModel.Json(LoopModel.Endless));
        await server.ComputesAsync();
        Assert.Equal(0, await server.StopAsync());
        await Assert.ThrowsAsync<HttpRequestException>(() => request);
    }

    [Fact]
    public async Task Told_twice_it_ends_at_once()
    {
        using var models = new ModelFolder().AddLoop();
        await using var server = await ServerProcess.StartAsync("--model-repository", models.Path, "--shutdown-timeout", "10m");
        var request = server.Rest.PostAsync(LoopModel.Path, LoopModel.Json(LoopModel.Endless));
        await server.ComputesAsync();
        server.Process.Terminate();
        await Eventually.HoldsAsync(async () => !await TakesConnectionsAsync(server), () => "the stop to have begun");
        server.Process.Terminate();

        const int TerminatedBySignal = 128 + 15;
        Assert.Equal(TerminatedBySignal, await server.Process.WaitForExitAsync());
        await Assert.ThrowsAsync<HttpRequestException>(() => request);
    }

    [Fact]
    public async Task Told_to_stop_while_it_starts_it_ends_and_takes_its_worker_along()
    {
        using var models = new ModelFolder().Add("endless", OnnxModels.EndlessLoop());
        await using var server = await ServerProcess.BeginAsync("--model-repository", models.Path);
        await Eventually.HoldsAsync(() => server.Process.Readings.Children.Count == 1, () => "a worker");
        var worker = server.Process.Readings.Children[0];
        Assert.Equal(0, await server.StopAsync());
        await Eventually.HoldsAsync(() => !ProcessReadings.IsAlive(worker), () => "the worker to end");
    }

    private static string Delay(int milliseconds) =>
        $$"""parameters { key: "execute_delay_ms" value { string_value: "{{milliseconds}}" } } instance_group { count: 4 }""";

    private static ModelInferRequest Request() => new()
    {
        ModelName = "slow",
        Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "IN", Datatype = "FP32", Shape = { Rows, 4 }, Contents = new() { Fp32Contents = { Numbers } } } },
    };

    // The engine's memory holds the inputs of whatever it has.
    private static Task IsRunningAsync(ServerProcess server, int requests) => Eventually.HoldsAsync(
        async () => (await server.ReadMetricsAsync()).Sum("bedplate_tensor_memory_bytes") >= requests * Rows * 4 * sizeof(float),
        () => $"{requests} requests in work");

    private static async Task<bool> TakesConnectionsAsync(ServerProcess server)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Rest.Address, "/v2/health/live"));
        request.Headers.Connection.Add("close");
        try
        {
            using var response = await client.SendAsync(request);
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
