using System.Diagnostics;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Models;
using Bedplate.Tests.TestKit.Server;
using Bedplate.Tests.TestKit.Time;

namespace Bedplate.Tests.Functional.Reloading;

public sealed class PollTests : IDisposable
{
    private static readonly TimeSpan SettleTime = TimeSpan.FromMilliseconds(1500);
    private readonly ModelFolder _models = new ModelFolder().Add("sum", OnnxModels.Add());

    public void Dispose() => _models.Dispose();

    [Fact]
    public async Task Models_come_change_and_go_with_the_repository()
    {
        await using var server = await StartAsync();
        _models.Add("new", OnnxModels.Add());
        await IsAsync(server, "new", "READY");
        await SumModel.AnswersAsync(server, "new");

        // A changed configuration is a change, and a further version.
        _models.Configure("new", "max_batch_size: 16");
        await Eventually.HoldsAsync(
            async () => (int)(await server.Rest.GetAsync("/v2/models/new/config")).Json["max_batch_size"]! == 16, () => "the configuration to be taken over");
        _models.Add("new", OnnxModels.Add(), version: 2);
        await Eventually.HoldsAsync(
            async () => (string?)(await server.Rest.PostAsync("/v2/models/new/infer", SumModel.Json)).Json["model_version"] == "2", () => "the second version");

        _models.Remove("new");
        await IsAsync(server, "new", "UNAVAILABLE");
        Assert.Equal(404, (await server.Rest.PostAsync("/v2/models/new/infer", SumModel.Json)).Status);
        await SumModel.AnswersAsync(server, "sum");
    }

    [Fact]
    public async Task What_is_still_being_copied_is_left_alone()
    {
        await using var server = await StartAsync();
        var bytes = OnnxModels.Add().ToBytes();
        string model;
        var attempt = 0;
        do
        {
            model = $"copied{attempt++}";
        }
        while (!await CopySlowlyAsync(server, model, bytes));

        await IsAsync(server, model, "READY");
        await SumModel.AnswersAsync(server, model);
    }

    [Fact]
    public async Task A_broken_change_leaves_what_is_served_and_says_so()
    {
        await using var server = await StartAsync();
        foreach (var broken in new[] { [1, 2, 3], OnnxModels.KillsProcessAtLoad().ToBytes() })
        {
            _models.Add("sum", broken);
            await Eventually.HoldsAsync(
                async () => (await ReasonAsync(server)).StartsWith("reload failed, the previous content is served: ", StringComparison.Ordinal),
                () => $"the index to say that the change failed. {server.Process}");
            await SumModel.AnswersAsync(server, "sum");
            Assert.Equal(200, (await server.Rest.GetAsync("/v2/models/sum/ready")).Status);

            _models.Add("sum", OnnxModels.Add());
            await Eventually.HoldsAsync(async () => await ReasonAsync(server) == "", () => "the index to say that all is well");
        }

        // A configuration that cannot be read says nothing of versions, so that it has a row of its own in the index.
        _models.Configure("sum", "max_batch_size: \"four\"");
        await Eventually.HoldsAsync(async () => (await ReasonAsync(server, version: "")).Contains("max_batch_size"), () => "the index to say what is wrong with the configuration");
        await SumModel.AnswersAsync(server, "sum");
        _models.Configure("sum", "max_batch_size: 4");
        await Eventually.HoldsAsync(async () => await ReasonAsync(server, version: "") == "", () => "the index to forget the configuration's fault");
        await Eventually.HoldsAsync(async () => (int)(await server.Rest.GetAsync("/v2/models/sum/config")).Json["max_batch_size"]! == 4, () => "the right configuration");
    }

    [Fact]
    public async Task No_request_fails_while_a_model_is_replaced()
    {
        await using var server = await StartAsync();
        using var stop = new CancellationTokenSource();
        var askers = Enumerable.Range(0, 6).Select(_ => Task.Run(() => AskAsync(server, stop.Token))).ToList();

        // Each content has an output of its own name, so that the answers tell which one gave them.
        foreach (var output in new[] { "first", "second", "third" })
        {
            _models.Add("sum", SumTo(output));
            await Eventually.HoldsAsync(
                async () => (await server.Rest.GetAsync("/v2/models/sum")).Text.Contains($"\"{output}\""), () => $"the content with '{output}'. {server.Process}");
            Assert.DoesNotContain(askers, asker => asker.IsFaulted);
        }

        await stop.CancelAsync();
        Assert.All(await Task.WhenAll(askers), outputs => Assert.Equal(["sum", "first", "second", "third"], outputs));
    }

    private Task<ServerProcess> StartAsync() => ServerProcess.StartAsync(
        "--model-repository", _models.Path, "--model-control-mode", "poll", "--repository-poll-interval", "1s",
        "--repository-settle-time", $"{SettleTime.TotalMilliseconds}ms");

    // Writes a few bytes at a time for twice as long as a copy may stand still. False when this process itself was
    // held up for so long that the copy did stand still.
    private async Task<bool> CopySlowlyAsync(ServerProcess server, string model, byte[] bytes)
    {
        Directory.CreateDirectory(_models[$"{model}/1"]);
        await using var file = new FileStream(_models[$"{model}/1/model.onnx"], FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        var started = Stopwatch.GetTimestamp();
        var written = 0;
        var longestPause = TimeSpan.Zero;
        while (written < bytes.Length)
        {
            var last = Stopwatch.GetTimestamp();
            var due = (int)(bytes.Length * Math.Min(1, Stopwatch.GetElapsedTime(started) / (2 * SettleTime)));
            if (due > written)
            {
                await file.WriteAsync(bytes.AsMemory(written, due - written));
                written = due;
            }

            var state = await StateAsync(server, model);
            var pause = Stopwatch.GetElapsedTime(last);
            longestPause = pause > longestPause ? pause : longestPause;
            if (longestPause > SettleTime / 2)
            {
                return false;
            }

            Assert.True(state is null || written == bytes.Length, $"{model} is {state} with {written} of {bytes.Length} bytes.");
        }

        return true;
    }

    // The four outputs' names in the order in which they were seen first.
    private static async Task<List<string>> AskAsync(ServerProcess server, CancellationToken stop)
    {
        var seen = new List<string>();
        while (!stop.IsCancellationRequested)
        {
            var answer = await server.Rest.PostAsync("/v2/models/sum/infer", SumModel.Json);
            Assert.True(answer.Status == 200, answer.ToString());
            var output = (string)answer.Json["outputs"]![0]!["name"]!;
            Assert.Equal([11f, 22f, 33f, 44f], answer.Output<float>(output));
            if (seen.LastOrDefault() != output)
            {
                seen.Add(output);
            }
        }

        return seen;
    }

    private static OnnxModelBuilder SumTo(string output)
    {
        var model = new OnnxModelBuilder();
        model.Graph
            .Input("a", DataType.Float32, "n", 4)
            .Input("b", DataType.Float32, "n", 4)
            .Node("Add", ["a", "b"], [output])
            .Output(output, DataType.Float32, "n", 4);
        return model;
    }

    private static Task IsAsync(ServerProcess server, string model, string state) => Eventually.HoldsAsync(
        async () => await StateAsync(server, model) == state, () => $"{model} to be {state}. {server.Process}");

    private static async Task<string?> StateAsync(ServerProcess server, string model) =>
        (string?)(await server.Rest.PostAsync("/v2/repository/index", "")).Json.AsArray().LastOrDefault(row => (string?)row!["name"] == model)?["state"];

    // Empty, too, when there is no row.
    private static async Task<string> ReasonAsync(ServerProcess server, string version = "1") =>
        (string?)(await server.Rest.PostAsync("/v2/repository/index", "")).Json.AsArray()
            .SingleOrDefault(row => (string?)row!["name"] == "sum" && ((string?)row["version"] ?? "") == version)?["reason"] ?? "";
}
