using System.Diagnostics;
using Bedplate.Contracts.OpenInference;
using Bedplate.Protocols;
using Bedplate.Tests.TestKit.Files;
using Bedplate.Tests.TestKit.Models;
using Bedplate.Tests.TestKit.Server;
using Bedplate.Tests.TestKit.Time;
using Google.Protobuf;

namespace Bedplate.Tests.Functional.Loading;

public class LoadOverrideTests
{
    private const string Load = "/v2/repository/models/brought/load";
    private const string Configuration = """{"backend":"onnxruntime"}""";

    [Fact]
    public async Task A_model_of_the_callers_is_refused_unless_that_was_allowed()
    {
        using var models = new ModelFolder().Add("sum", OnnxModels.Add());
        await using var server = await ServerProcess.StartAsync("--model-repository", models.Path, "--model-control-mode", "explicit", "--load-model", "sum");
        var refused = await server.Rest.PostAsync(Load, Rest(OnnxModels.Add().ToBytes()));
        Assert.Equal(403, refused.Status);
        Assert.Contains("this server loads models from its repository only", refused.Error);
        Assert.Equal(GrpcCode.PermissionDenied, (await server.Grpc.CallAsync("RepositoryModelLoad", Grpc(OnnxModels.Add().ToBytes()))).Status);
        Assert.Empty(Written(server));
        await SumModel.AnswersAsync(server, "sum");
    }

    [Theory]
    [InlineData("REST")]
    [InlineData("gRPC")]
    public async Task Where_it_was_allowed_it_is_served_and_gone_with_the_server(string protocol)
    {
        await using var server = await StartAsync();
        if (protocol == "REST")
        {
            Assert.Equal("200 ", (await server.Rest.PostAsync(Load, Rest(OnnxModels.Add().ToBytes()))).ToString());
        }
        else
        {
            Assert.Equal(GrpcCode.Ok, (await server.Grpc.CallAsync("RepositoryModelLoad", Grpc(OnnxModels.Add().ToBytes()))).Status);
        }

        await SumModel.AnswersAsync(server, "brought");
        Assert.NotEmpty(Written(server));
        Assert.Equal(0, await server.StopAsync());
        Assert.Empty(Written(server));
    }

    [Fact]
    public async Task A_configuration_alone_changes_what_the_repository_has()
    {
        using var models = new ModelFolder().Add("sum", OnnxModels.Add());
        await using var server = await StartAsync("--model-repository", models.Path, "--load-model", "sum");
        Assert.Equal(0, (int)(await server.Rest.GetAsync("/v2/models/sum/config")).Json["max_batch_size"]!);
        const string batched = """{"parameters":{"config":"{\"backend\":\"onnxruntime\",\"max_batch_size\":8}"}}""";
        Assert.Equal("200 ", (await server.Rest.PostAsync("/v2/repository/models/sum/load", batched)).ToString());
        Assert.Equal(8, (int)(await server.Rest.GetAsync("/v2/models/sum/config")).Json["max_batch_size"]!);
        await SumModel.AnswersAsync(server, "sum");
    }

    [Fact]
    public async Task What_is_wrong_with_it_is_said_and_nothing_of_it_stays_in_service()
    {
        await using var server = await StartAsync();
        var broken = await server.Rest.PostAsync(Load, Rest([1, 2, 3]));
        Assert.Equal(400, broken.Status);
        Assert.Contains("The file is not an ONNX model", broken.Error);
        var outside = await server.Rest.PostAsync(Load, Rest(OnnxModels.Add().ToBytes(), "../../1/model.onnx"));
        Assert.Contains("'../../1/model.onnx' does not stay within the model's directory", outside.Error);
        Assert.Equal(404, (await server.Rest.PostAsync("/v2/models/brought/infer", SumModel.Json)).Status);

        // A good one, then a bad one under the same name: the good one stays.
        Assert.Equal(200, (await server.Rest.PostAsync(Load, Rest(OnnxModels.Add().ToBytes()))).Status);
        Assert.Equal(400, (await server.Rest.PostAsync(Load, Rest([1, 2, 3]))).Status);
        await SumModel.AnswersAsync(server, "brought");
    }

    [Fact]
    public async Task A_full_disk_is_said_and_service_goes_on()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "Needs root, to mount a file system that can be filled.");
        using var directory = new TemporaryDirectory();
        Assert.SkipUnless(await RunAsync("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", directory.Path), "A file system cannot be mounted here.");
        try
        {
            await using var server = await ServerProcess.StartInAsync(directory.Path, "--model-control-mode", "explicit", "--allow-load-override", "true");
            Assert.Equal(200, (await server.Rest.PostAsync(Load, Rest(OnnxModels.Add().ToBytes()))).Status);
            var large = OnnxModels.Mlp(1, 512, 512, 512).ToBytes();
            foreach (var name in new[] { "brought", "another" })
            {
                var failed = await server.Rest.PostAsync($"/v2/repository/models/{name}/load", Rest(large));
                Assert.Equal(500, failed.Status);
                Assert.StartsWith($"failed to load '{name}', failed to poll from model repository: its files cannot be written to the temporary directory {directory.Path}/: No space left on device", failed.Error);
                Assert.Contains("TMPDIR", failed.Error);
            }

            // What was served is served, no half of a model takes the room of the next.
            await SumModel.AnswersAsync(server, "brought");
            Assert.Equal(200, (await server.Rest.PostAsync("/v2/repository/models/third/load", Rest(OnnxModels.Add().ToBytes()))).Status);
            await SumModel.AnswersAsync(server, "third");
            Assert.Equal(0, await server.StopAsync());
        }
        finally
        {
            // A worker that has said all it had to say may take a moment longer than the server to go.
            await Eventually.HoldsAsync(() => RunAsync("umount", directory.Path), () => $"'{directory.Path}' to be let go of");
        }
    }

    private static Task<ServerProcess> StartAsync(params string[] arguments) =>
        ServerProcess.StartAsync([.. arguments, "--model-control-mode", "explicit", "--allow-load-override", "true"]);

    private static string[] Written(ServerProcess server) => Directory.GetDirectories(server.TemporaryFiles, "bedplate-models-*");

    private static string Rest(byte[] model, string path = "1/model.onnx") =>
        $$"""{"parameters":{"config":"{{Configuration.Replace("\"", "\\\"")}}","file:{{path}}":"{{Convert.ToBase64String(model)}}"} }""";

    private static RepositoryModelLoadRequest Grpc(byte[] model) => new()
    {
        ModelName = "brought",
        Parameters =
        {
            ["config"] = new ModelRepositoryParameter { StringParam = Configuration },
            ["file:1/model.onnx"] = new ModelRepositoryParameter { BytesParam = ByteString.CopyFrom(model) },
        },
    };

    private static async Task<bool> RunAsync(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
        await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0;
    }
}
