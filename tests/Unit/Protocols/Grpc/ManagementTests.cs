using Bedplate.Contracts.OpenInference;
using Bedplate.Inference.Models;
using Bedplate.Protocols;
using Bedplate.Protocols.OpenInference;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Grpc;
using Google.Protobuf;

namespace Bedplate.Tests.Unit.Protocols.Grpc;

public class ManagementTests
{
    [Fact]
    public async Task The_server_says_what_it_is()
    {
        await using var server = await GrpcTestServer.StartAsync();
        Assert.True((await server.Client.InvokeAsync<ServerLiveResponse>("ServerLive", new ServerLiveRequest())).Live);
        Assert.True((await server.Client.InvokeAsync<ServerReadyResponse>("ServerReady", new ServerReadyRequest())).Ready);
        server.Service.IsReady = false;
        Assert.True((await server.Client.InvokeAsync<ServerLiveResponse>("ServerLive", new ServerLiveRequest())).Live);
        Assert.False((await server.Client.InvokeAsync<ServerReadyResponse>("ServerReady", new ServerReadyRequest())).Ready);
        Assert.Equal(
            new ServerMetadataResponse { Name = "bedplate", Version = "1.2.3", Extensions = { "model_repository", "binary_tensor_data", "statistics" } },
            await server.Client.InvokeAsync<ServerMetadataResponse>("ServerMetadata", new ServerMetadataRequest()));
    }

    [Fact]
    public async Task A_model_says_what_it_is()
    {
        await using var server = await GrpcTestServer.StartAsync();
        await server.Engine.LoadAsync(TestModels.Identity("echo", maxBatchSize: 4));
        var metadata = await server.Client.InvokeAsync<ModelMetadataResponse>("ModelMetadata", new ModelMetadataRequest { Name = "echo", Version = "1" });
        var expected = new ModelMetadataResponse
        {
            Name = "echo",
            Versions = { "1" },
            Platform = "identity",
            Inputs = { new ModelMetadataResponse.Types.TensorMetadata { Name = "IN", Datatype = "FP32", Shape = { -1, 4 } } },
            Outputs = { new ModelMetadataResponse.Types.TensorMetadata { Name = "OUT", Datatype = "FP32", Shape = { -1, 4 } } },
        };
        Assert.Equal(expected, metadata);
        var config = await server.Client.InvokeAsync<ModelConfigResponse>("ModelConfig", new ModelConfigRequest { Name = "echo" });
        Assert.Equal(4, config.Config.MaxBatchSize);
        Assert.True((await server.Client.InvokeAsync<ModelReadyResponse>("ModelReady", new ModelReadyRequest { Name = "echo" })).Ready);
    }

    [Theory]
    [InlineData("", "1,2")]
    [InlineData("1", "1")]
    [InlineData("2", "2")]
    public async Task A_version_says_what_it_is_and_a_model_which_versions_it_has(string version, string versions)
    {
        await using var server = await GrpcTestServer.StartAsync();
        await server.Engine.LoadAsync(TestModels.Identity("echo") with
        {
            Versions = [new VersionSource(1, ""), new VersionSource(2, "")],
            VersionPolicy = VersionPolicy.All,
        });
        var metadata = await server.Client.InvokeAsync<ModelMetadataResponse>("ModelMetadata", new ModelMetadataRequest { Name = "echo", Version = version });
        Assert.Equal(versions.Split(','), metadata.Versions);
    }

    [Theory]
    [InlineData("ModelReady")]
    [InlineData("ModelMetadata")]
    [InlineData("ModelConfig")]
    [InlineData("ModelStatistics")]
    public async Task A_model_or_version_that_is_not_there_is_not_found(string method)
    {
        await using var server = await GrpcTestServer.StartAsync();
        await server.Engine.LoadAsync(TestModels.Identity("echo"));

        // The four requests have the same fields.
        await ExpectAsync("nobody", "", GrpcCode.NotFound, "Request for unknown model: 'nobody' is not found");
        await ExpectAsync("echo", "2", GrpcCode.NotFound, "Request for unknown model: 'echo' version 2 is not found");
        await ExpectAsync("echo", "x", GrpcCode.InvalidArgument, "failed to get model version from specified version string 'x', version should be an integral value > 0");

        async Task ExpectAsync(string name, string version, GrpcCode code, string message)
        {
            var result = await server.Client.CallAsync(method, new ModelReadyRequest { Name = name, Version = version });
            Assert.Equal(code, result.Status);
            Assert.Equal(message, result.Message);
        }
    }

    [Fact]
    public async Task Statistics_count_what_was_served()
    {
        await using var server = await GrpcTestServer.StartAsync();
        await server.Engine.LoadAsync(TestModels.Identity("a"));
        await server.Engine.LoadAsync(TestModels.Identity("b"));
        for (var i = 0; i < 3; i++)
        {
            await server.Client.InvokeAsync<ModelInferResponse>("ModelInfer", InferMessages.Raw("a", 1, 2, 3, 4, 5, 6, 7, 8));
        }

        var all = await server.Client.InvokeAsync<ModelStatisticsResponse>("ModelStatistics", new ModelStatisticsRequest());
        Assert.Equal(["a", "b"], all.ModelStats.Select(model => model.Name));
        var one = await server.Client.InvokeAsync<ModelStatisticsResponse>("ModelStatistics", new ModelStatisticsRequest { Name = "a" });
        var model = Assert.Single(one.ModelStats);
        Assert.Equal("1", model.Version);
        Assert.Equal(3ul, model.ExecutionCount);
        Assert.Equal(3ul, model.InferenceStats.Success.Count);
        Assert.NotEqual(0ul, model.InferenceStats.Success.Ns);
        Assert.Equal(0ul, model.InferenceStats.Fail.Count);
        Assert.True(model.LastInference > 1_700_000_000_000);
        Assert.Equal(3ul, model.BatchStats.Aggregate(0ul, (sum, batch) => sum + batch.ComputeInfer.Count));
    }

    [Fact]
    public async Task Models_are_loaded_and_unloaded()
    {
        await using var server = await GrpcTestServer.StartAsync();
        server.Repository.Add(TestModels.Identity("echo"));
        await server.Client.InvokeAsync<RepositoryModelLoadResponse>("RepositoryModelLoad", new RepositoryModelLoadRequest { ModelName = "echo" });
        var index = await server.Client.InvokeAsync<RepositoryIndexResponse>("RepositoryIndex", new RepositoryIndexRequest { Ready = true });
        Assert.Equal(
            new RepositoryIndexResponse.Types.ModelIndex { Name = "echo", Version = "1", State = "READY" }, Assert.Single(index.Models));
        var unload = new RepositoryModelUnloadRequest { ModelName = "echo" };
        unload.Parameters["unload_dependents"] = new ModelRepositoryParameter { BoolParam = true };
        await server.Client.InvokeAsync<RepositoryModelUnloadResponse>("RepositoryModelUnload", unload);
        index = await server.Client.InvokeAsync<RepositoryIndexResponse>("RepositoryIndex", new RepositoryIndexRequest { Ready = true });
        Assert.Empty(index.Models);
        Assert.Equal(GrpcCode.NotFound, (await server.Client.CallAsync("RepositoryModelLoad", new RepositoryModelLoadRequest { ModelName = "nobody" })).Status);
    }

    [Fact]
    public async Task A_load_does_not_end_with_the_patience_of_its_client()
    {
        await using var server = await GrpcTestServer.StartAsync();
        server.Repository.Add(TestModels.Identity("echo"));
        await server.Client.InvokeAsync<RepositoryModelLoadResponse>("RepositoryModelLoad", new RepositoryModelLoadRequest { ModelName = "echo" });
        Assert.False(server.Repository.LastLoadCancellation.CanBeCanceled);
    }

    [Fact]
    public async Task A_load_brings_files_only_where_that_is_allowed()
    {
        var request = new RepositoryModelLoadRequest { ModelName = "echo" };
        request.Parameters["config"] = new ModelRepositoryParameter { StringParam = "{\"name\":\"größe\"}" };
        request.Parameters["file:1/model.onnx"] = new ModelRepositoryParameter { BytesParam = ByteString.CopyFrom(1, 2, 3) };
        await using var closed = await GrpcTestServer.StartAsync();
        closed.Repository.Add(TestModels.Identity("echo"));
        var refused = await closed.Client.CallAsync("RepositoryModelLoad", request);
        Assert.Equal(GrpcCode.PermissionDenied, refused.Status);
        Assert.Contains("turn on the setting allow-load-override", refused.Message, StringComparison.Ordinal);
        Assert.Null(closed.Repository.LastOverride);

        await using var open = await GrpcTestServer.StartAsync(new OpenInferenceOptions { AllowLoadOverride = true, MaxLoadOverrideBytes = 5 << 20 });
        open.Repository.Add(TestModels.Identity("echo"));
        await open.Client.InvokeAsync<RepositoryModelLoadResponse>("RepositoryModelLoad", request);
        Assert.Equal("{\"name\":\"größe\"}"u8.ToArray(), open.Repository.LastOverride!.ConfigurationJson.ToArray());
        Assert.Equal([1, 2, 3], open.Repository.LastOverride.Files["1/model.onnx"].ToArray());
    }

    public static TheoryData<string> LoadFaults => [.. BadLoads.Keys];

    private static Dictionary<string, (Action<RepositoryModelLoadRequest> Break, GrpcCode Code, string Message)> BadLoads { get; } = new()
    {
        ["no name"] = (request => request.ModelName = "", GrpcCode.InvalidArgument, "model_name is empty"),
        ["a repository"] = (request => request.RepositoryName = "r", GrpcCode.Unimplemented, "'repository_name' specification is not supported"),
        ["unknown parameter"] = (request => Set(request, "mode", new() { BoolParam = true }), GrpcCode.InvalidArgument, "unrecognized load parameter 'mode'."),
        ["config of bytes"] = (request => Set(request, "config", new() { BytesParam = ByteString.Empty }), GrpcCode.InvalidArgument, "invalid value type for load parameter 'config', expected string_param."),
        ["file of text"] = (request => Set(request, "file:1/a", new() { StringParam = "x" }), GrpcCode.InvalidArgument, "invalid value type for load parameter 'file:1/a', expected bytes_param."),
        ["file without config"] = (request => Set(request, "file:1/a", new() { BytesParam = ByteString.Empty }), GrpcCode.InvalidArgument, "load parameter 'file:' needs a 'config' parameter beside it"),
        ["files too large"] = (request =>
            {
                Set(request, "config", new() { StringParam = "{}" });
                Set(request, "file:1/a", new() { BytesParam = ByteString.CopyFrom(new byte[1500]) });
            }, GrpcCode.ResourceExhausted, "raise the setting max-load-override-size"),
        ["message too large"] = (request => Set(request, "config", new() { StringParam = new string('x', 5 << 20) }), GrpcCode.ResourceExhausted, "or raise the setting max-load-override-size"),
    };

    [Theory]
    [MemberData(nameof(LoadFaults))]
    public async Task A_load_that_is_wrong_is_told_what_is(string fault)
    {
        await using var server = await GrpcTestServer.StartAsync(new OpenInferenceOptions { AllowLoadOverride = true, MaxLoadOverrideBytes = 1000 });
        server.Repository.Add(TestModels.Identity("echo"));
        var request = new RepositoryModelLoadRequest { ModelName = "echo" };
        var (spoil, code, message) = BadLoads[fault];
        spoil(request);
        var result = await server.Client.CallAsync("RepositoryModelLoad", request);
        Assert.Equal(code, result.Status);
        Assert.Contains(message, result.Message, StringComparison.Ordinal);
        Assert.Null(server.Repository.LastOverride);
    }

    [Fact]
    public async Task An_unload_that_is_wrong_is_told_what_is()
    {
        await using var server = await GrpcTestServer.StartAsync();
        var request = new RepositoryModelUnloadRequest { ModelName = "echo" };
        request.Parameters["unload_dependents"] = new ModelRepositoryParameter { StringParam = "true" };
        var result = await server.Client.CallAsync("RepositoryModelUnload", request);
        Assert.Equal(GrpcCode.InvalidArgument, result.Status);
        Assert.Equal("invalid value type for 'unload_dependents' parameter, expected bool_param.", result.Message);
    }

    [Fact]
    public async Task Every_method_of_Tritons_service_is_known()
    {
        await using var server = await GrpcTestServer.StartAsync();
        var served = 0;
        foreach (var method in GrpcServiceReflection.Descriptor.Services.Single().Methods)
        {
            var result = await server.Client.CallAsync($"/{method.Service.FullName}/{method.Name}", GrpcFrame.Of([]));
            Assert.DoesNotContain("has no method", result.Message, StringComparison.Ordinal);
            if (result.Status == GrpcCode.Unimplemented)
            {
                Assert.Matches("is not served:", result.Message);
            }
            else
            {
                served++;
            }
        }

        Assert.Equal(12, served);
    }

    private static void Set(RepositoryModelLoadRequest request, string name, ModelRepositoryParameter value) => request.Parameters[name] = value;
}
