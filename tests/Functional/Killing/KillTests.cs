using Bedplate.Tests.TestKit.Files;
using Bedplate.Tests.TestKit.Models;
using Bedplate.Tests.TestKit.Processes;
using Bedplate.Tests.TestKit.Server;
using Bedplate.Tests.TestKit.Time;

namespace Bedplate.Tests.Functional.Killing;

/// <summary>
/// SIGKILL at the worst moments. What follows must find nothing in its way: no worker that computes on for nobody, no
/// half file, no model that cannot be loaded any more.
/// </summary>
public sealed class KillTests : IDisposable
{
    private const string LoadEndless = "/v2/repository/models/endless/load";

    private readonly ModelFolder _models = new ModelFolder().Add("sum", OnnxModels.Add());
    private readonly TemporaryDirectory _temporary = new();

    public void Dispose()
    {
        _temporary.Dispose();
        _models.Dispose();
    }

    [Fact]
    public async Task Killed_while_it_loads_its_models()
    {
        _models.Add("endless", OnnxModels.EndlessLoop());
        await using var server = await ServerProcess.BeginInAsync(_temporary.Path, "--model-repository", _models.Path);
        await KillInTrialAsync(server);
        _models.Remove("endless");
        await StartsCleanAsync();
    }

    [Fact]
    public async Task Killed_while_a_request_has_it_load_files_of_its_own()
    {
        string[] explicitly = ["--model-control-mode", "explicit", "--load-model", "sum", "--allow-load-override", "true"];
        await using (var server = await ServerProcess.StartInAsync(_temporary.Path, ["--model-repository", _models.Path, .. explicitly]))
        {
            // One is served from files that came with its request, one is being tried.
            Assert.Equal(200, (await server.Rest.PostAsync("/v2/repository/models/brought/load", Override(OnnxModels.Add()))).Status);
            await SumModel.AnswersAsync(server, "brought");
            Assert.NotEmpty(LeftBehind());
            var loading = server.Rest.PostAsync(LoadEndless, Override(OnnxModels.EndlessLoop()));
            await KillInTrialAsync(server);
            await Assert.ThrowsAsync<HttpRequestException>(() => loading);
            Assert.NotEmpty(LeftBehind());
        }

        await StartsCleanAsync(explicitly);
    }

    [Fact]
    public async Task Killed_while_it_takes_over_a_change_of_the_repository()
    {
        string[] polling = ["--model-control-mode", "poll", "--repository-poll-interval", "1s", "--repository-settle-time", "100ms"];
        await using var server = await ServerProcess.StartInAsync(_temporary.Path, ["--model-repository", _models.Path, .. polling]);
        _models.Add("sum", OnnxModels.EndlessLoop());
        await KillInTrialAsync(server);
        _models.Add("sum", OnnxModels.Add());
        await StartsCleanAsync(polling);
    }

    [Fact]
    public async Task Killed_under_traffic()
    {
        _models.AddLoop(slots: 4);
        await using var server = await ServerProcess.StartInAsync(_temporary.Path, "--model-repository", _models.Path);
        var running = Enumerable.Range(0, 4).Select(_ => server.Rest.PostAsync(LoopModel.Path, LoopModel.Json(LoopModel.Endless))).ToList();
        var waiting = Enumerable.Range(0, 8).Select(_ => server.Grpc.CallAsync("ModelInfer", LoopModel.Message(LoopModel.Endless))).ToList();
        using var half = server.Rest.Connect();
        half.Send(RawConnection.Head("/v2/models/sum/infer", 1 << 20));
        half.Send("{\"inputs\":");
        await server.ComputesAsync();
        server.Process.Kill();

        foreach (var request in running.Cast<Task>().Concat(waiting))
        {
            await Assert.ThrowsAsync<HttpRequestException>(() => request.WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken));
        }

        await StartsCleanAsync();
    }

    // The worker is killed by nobody here: it must see for itself that its server is gone.
    private static async Task KillInTrialAsync(ServerProcess server)
    {
        await Eventually.HoldsAsync(() => server.Process.Readings.Children.Count == 1, () => $"a worker. {server.Process}");
        var worker = server.Process.Readings.Children[0];
        var begun = new ProcessReadings(worker).ProcessorTime;
        await Eventually.HoldsAsync(
            () => new ProcessReadings(worker).ProcessorTime > begun + TimeSpan.FromMilliseconds(800), () => "a worker that computes");
        server.Process.Kill();
        await server.Process.WaitForExitAsync();
        await Eventually.HoldsAsync(() => !ProcessReadings.IsAlive(worker), () => $"worker {worker} to end after its server");
    }

    private async Task StartsCleanAsync(params string[] arguments)
    {
        await using var server = await ServerProcess.StartInAsync(_temporary.Path, ["--model-repository", _models.Path, .. arguments]);
        Assert.Empty(LeftBehind());
        await SumModel.AnswersAsync(server, "sum");
        var index = (await server.Rest.PostAsync("/v2/repository/index", "")).Json.AsArray();
        Assert.All(index, row => Assert.Equal("READY", (string?)row!["state"]));
        Assert.Equal(0, await server.StopAsync());
        Assert.Empty(LeftBehind());
    }

    private string[] LeftBehind() => Directory.GetFileSystemEntries(_temporary.Path, "bedplate-*");

    private static string Override(OnnxModelBuilder model) =>
        $$$"""{"parameters":{"config":"{\"backend\":\"onnxruntime\"}","file:1/model.onnx":"{{{Convert.ToBase64String(model.ToBytes())}}}"}}""";
}
