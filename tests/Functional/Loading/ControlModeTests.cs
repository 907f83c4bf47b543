using System.Text.Json.Nodes;
using Bedplate.Contracts.OpenInference;
using Bedplate.Protocols;
using Bedplate.Tests.TestKit.Grpc;
using Bedplate.Tests.TestKit.Models;
using Bedplate.Tests.TestKit.Server;

namespace Bedplate.Tests.Functional.Loading;

public class ControlModeTests
{
    private const string LoadB = "/v2/repository/models/b/load";
    private const string UnloadB = "/v2/repository/models/b/unload";

    [Theory]
    [InlineData("none")]
    [InlineData("poll")]
    public async Task Where_the_repository_decides_everything_is_loaded_and_requests_do_not_change_it(string mode)
    {
        using var models = new ModelFolder().Add("a", OnnxModels.Add()).Add("b", OnnxModels.Add());
        await using var server = await ServerProcess.StartAsync("--model-repository", models.Path, "--model-control-mode", mode);
        foreach (var path in new[] { LoadB, UnloadB })
        {
            var refused = await server.Rest.PostAsync(path, "");
            Assert.Equal(503, refused.Status);
            Assert.Contains("--model-control-mode explicit", refused.Error);
        }

        Assert.Equal(GrpcCode.Unavailable, (await LoadAsync(server, "b")).Status);
        Assert.Equal(GrpcCode.Unavailable, (await UnloadAsync(server, "b")).Status);
        await SumModel.AnswersAsync(server, "a");
        await SumModel.AnswersAsync(server, "b");
        Assert.Equal("a 1 READY, b 1 READY", await IndexAsync(server));
    }

    [Fact]
    public async Task With_explicit_control_models_come_and_go_by_request_over_both_protocols()
    {
        using var models = new ModelFolder().Add("a", OnnxModels.Add()).Add("b", OnnxModels.Add()).Add("broken", [1, 2, 3]);
        await using var server = await ServerProcess.StartAsync(
            "--model-repository", models.Path, "--model-control-mode", "explicit", "--load-model", "a");
        Assert.Equal("a 1 READY, b  UNKNOWN, broken  UNKNOWN", await IndexAsync(server));
        await SumModel.AnswersAsync(server, "a");
        Assert.Equal(404, (await server.Rest.PostAsync("/v2/models/b/infer", SumModel.Json)).Status);

        Assert.Equal("200 ", (await server.Rest.PostAsync(LoadB, "")).ToString());
        await SumModel.AnswersAsync(server, "b");
        Assert.Equal("200 ", (await server.Rest.PostAsync(UnloadB, "")).ToString());
        await IsUnloadedAsync(server, "b");

        Assert.Equal(GrpcCode.Ok, (await LoadAsync(server, "b")).Status);
        await SumModel.AnswersAsync(server, "b");
        Assert.Equal(GrpcCode.Ok, (await UnloadAsync(server, "b")).Status);
        await IsUnloadedAsync(server, "b");

        var broken = await server.Rest.PostAsync("/v2/repository/models/broken/load", "");
        Assert.Equal(400, broken.Status);
        Assert.StartsWith("failed to load 'broken', version 1 is at UNAVAILABLE state: ", broken.Error);
        Assert.Equal(GrpcCode.InvalidArgument, (await LoadAsync(server, "broken")).Status);
        Assert.Equal(404, (await server.Rest.PostAsync("/v2/repository/models/nobody/load", "")).Status);
        Assert.Equal(GrpcCode.NotFound, (await LoadAsync(server, "nobody")).Status);
        Assert.Equal(200, (await server.Rest.GetAsync("/v2/health/ready")).Status);
        await SumModel.AnswersAsync(server, "a");
    }

    [Fact]
    public async Task All_models_can_be_asked_for_at_the_start_and_one_that_is_not_there_is_said_to_be_missing()
    {
        using var models = new ModelFolder().Add("a", OnnxModels.Add()).Add("b", OnnxModels.Add());
        await using var server = await ServerProcess.StartAsync(
            "--model-repository", models.Path, "--model-control-mode", "explicit", "--load-model", "*", "--load-model", "nobody");
        Assert.Equal("a 1 READY, b 1 READY, nobody  UNAVAILABLE", await IndexAsync(server));
        await server.Process.SaysAsync("nobody is unavailable: no model repository has a model of this name");
    }

    [Fact]
    public async Task Versions_are_served_as_the_policy_says_and_change_with_a_reload()
    {
        const string latestTwo = "version_policy: { latest { num_versions: 2 } }";
        using var models = new ModelFolder().Add("a", OnnxModels.Add(), latestTwo, 1).Add("a", OnnxModels.Add(), latestTwo, 3).Add("a", OnnxModels.Add(), latestTwo, 7);
        await using var server = await ServerProcess.StartAsync("--model-repository", models.Path, "--model-control-mode", "explicit", "--load-model", "a");
        Assert.Equal("a 3 READY, a 7 READY", await IndexAsync(server));

        models.Add("a", OnnxModels.Add(), latestTwo, 8);
        Assert.Equal(200, (await server.Rest.PostAsync("/v2/repository/models/a/load", "")).Status);
        Assert.StartsWith("""{"name":"a","versions":["7","8"]""", (await server.Rest.GetAsync("/v2/models/a")).Text);
        Assert.Equal("8", (string?)(await server.Rest.PostAsync("/v2/models/a/infer", SumModel.Json)).Json["model_version"]);
        var withdrawn = await server.Rest.PostAsync("/v2/models/a/versions/3/infer", SumModel.Json);
        Assert.Equal("503 Request for unknown model: 'a' version 3 is not at ready state", $"{withdrawn.Status} {withdrawn.Error}");
    }

    private static async Task IsUnloadedAsync(ServerProcess server, string model)
    {
        Assert.Equal(404, (await server.Rest.PostAsync($"/v2/models/{model}/infer", SumModel.Json)).Status);
        Assert.Equal(503, (await server.Rest.GetAsync($"/v2/models/{model}/ready")).Status);
        await TestKit.Time.Eventually.HoldsAsync(
            async () => (await IndexAsync(server)).Contains($"{model} 1 UNAVAILABLE", StringComparison.Ordinal), () => $"{model} to be unloaded");
    }

    private static async Task<string> IndexAsync(ServerProcess server)
    {
        var rest = (await server.Rest.PostAsync("/v2/repository/index", "")).Json.AsArray().Select(row => Line(row!));
        return string.Join(", ", rest);

        static string Line(JsonNode row) => $"{row["name"]} {row["version"]} {row["state"]}";
    }

    private static Task<GrpcTestResult> LoadAsync(ServerProcess server, string model) =>
        server.Grpc.CallAsync("RepositoryModelLoad", new RepositoryModelLoadRequest { ModelName = model });

    private static Task<GrpcTestResult> UnloadAsync(ServerProcess server, string model) =>
        server.Grpc.CallAsync("RepositoryModelUnload", new RepositoryModelUnloadRequest { ModelName = model });
}
