using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference;
using Bedplate.Protocols.OpenInference.Configuration.Json;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Server;

namespace Bedplate.Tests.Functional.Rest;

/// <summary>Everything that is asked with a GET.</summary>
public class MetadataTests
{
    [Fact]
    public async Task The_server_says_what_it_is()
    {
        await using var server = await RestTestServer.StartAsync(new RestTestServerOptions
        {
            Info = new ServerInfo(
                "bedplate", "1.2.3", ["statistics", "model_repository"],
                [new RuntimeInfo("onnxruntime", "1.30.0", "a build", ["CPUExecutionProvider", "CUDAExecutionProvider"], ["CUDAExecutionProvider"])]),
        });
        foreach (var path in new[] { "/v2", "/v2/" })
        {
            Assert.Equal(
                """{"name":"bedplate","version":"1.2.3","extensions":["statistics","model_repository"],"runtimes":[{"name":"onnxruntime","version":"1.30.0","build":"a build","execution_providers":["CPUExecutionProvider","CUDAExecutionProvider"],"experimental":["CUDAExecutionProvider"]}]}""",
                (await server.GetAsync(path)).Text);
        }
    }

    [Theory]
    [InlineData(false, 503)]
    [InlineData(true, 400)]
    public async Task Health_is_a_status_and_a_body(bool likeTriton, int notReady)
    {
        await using var server = await RestTestServer.StartAsync(
            new RestTestServerOptions { Protocol = new OpenInferenceOptions { TritonHealthStatus = likeTriton } }, TestModels.Identity("echo"));
        Assert.Equal("200 {\"live\":true}", (await server.GetAsync("/v2/health/live")).ToString());
        Assert.Equal("200 {\"ready\":true}", (await server.GetAsync("/v2/health/ready")).ToString());
        Assert.Equal("200 {\"name\":\"echo\",\"ready\":true}", (await server.GetAsync("/v2/models/echo/ready")).ToString());
        Assert.Equal("200 {\"name\":\"echo\",\"ready\":true}", (await server.GetAsync("/v2/models/echo/versions/1/ready")).ToString());

        server.Service.IsReady = false;
        Assert.Equal("200 {\"live\":true}", (await server.GetAsync("/v2/health/live")).ToString());
        Assert.Equal($"{notReady} {{\"ready\":false}}", (await server.GetAsync("/v2/health/ready")).ToString());

        await server.PostAsync("/v2/repository/models/echo/unload", "");
        var unloaded = await server.GetAsync("/v2/models/echo/ready");
        Assert.Equal($$"""{{notReady}} {"name":"echo","ready":false,"error":"Model version not ready"}""", unloaded.ToString());
        Assert.Equal(likeTriton ? 400 : 404, (await server.GetAsync("/v2/models/none/ready")).Status);
    }

    [Fact]
    public async Task A_model_says_what_it_takes_and_gives()
    {
        await using var server = await RestTestServer.StartAsync(TestModels.IdentityOf(
            "a b/c", new TensorSpec("IN", DataType.Int64, new TensorShape(-1, 3)), TensorSpec.OfUnknownRank("x", DataType.Bytes)) with
        {
            Versions = [new VersionSource(2, ""), new VersionSource(10, "")],
            VersionPolicy = VersionPolicy.All,
        });
        const string tensors =
            """
            "platform":"identity","inputs":[{"name":"IN","datatype":"INT64","shape":[-1,3]},{"name":"x","datatype":"BYTES","shape":[-1]}],"outputs":[{"name":"OUT","datatype":"INT64","shape":[-1,3]},{"name":"y","datatype":"BYTES","shape":[-1]}]}
            """;

        // A slash in a name stays encoded, as it would part the path; everything else is decoded.
        Assert.Equal(404, (await server.GetAsync("/v2/models/a%20b%2Fc")).Status);
        await server.LoadAsync(TestModels.IdentityOf("a b", new TensorSpec("IN", DataType.Int64, new TensorShape(-1, 3)), TensorSpec.OfUnknownRank("x", DataType.Bytes)) with
        {
            Versions = [new VersionSource(2, ""), new VersionSource(10, "")],
            VersionPolicy = VersionPolicy.All,
        });
        Assert.Equal($$"""{"name":"a b","versions":["2","10"],{{tensors}}""", (await server.GetAsync("/v2/models/a%20b")).Text);
        Assert.Equal($$"""{"name":"a b","versions":["2"],{{tensors}}""", (await server.GetAsync("/v2/models/a%20b/versions/2/")).Text);
        Assert.Equal("""{"models":["a b","a b/c"]}""", (await server.GetAsync("/v2/models")).Text);
        Assert.Equal("Request for unknown model: 'none' is not found", (await server.GetAsync("/v2/models/none")).Error);
    }

    [Fact]
    public async Task A_configuration_is_the_repositorys()
    {
        await using var server = await RestTestServer.StartAsync(TestModels.Identity("echo", maxBatchSize: 4));
        var answer = await server.GetAsync("/v2/models/echo/config");
        Assert.Equal("application/json", answer.Headers["Content-Type"]);
        Assert.Equal(server.Repository.GetConfiguration(server.Engine.Models.VersionsOf("echo")[0]), ModelConfigJson.Read(answer.Body));
        Assert.Equal(404, (await server.GetAsync("/v2/models/echo/versions/2/config")).Status);
    }

    [Fact]
    public async Task Statistics_count_what_was_done()
    {
        await using var server = await RestTestServer.StartAsync(TestModels.Identity("a", maxBatchSize: 4), TestModels.Identity("b"));
        Assert.Equal("0", (await server.GetAsync("/v2/models/a/stats")).Json["model_stats"]![0]!["last_inference"]!.ToString());
        for (var i = 0; i < 3; i++)
        {
            await server.PostAsync("/v2/models/a/infer", """{"inputs":[{"name":"IN","shape":[2,4],"datatype":"FP32","data":[1,2,3,4,5,6,7,8]}]}""");
        }

        var one = (await server.GetAsync("/v2/models/a/versions/1/stats")).Json["model_stats"]!.AsArray().Single()!;
        Assert.Equal("a 1", $"{one["name"]} {one["version"]}");
        Assert.Equal("6 3", $"{one["inference_count"]} {one["execution_count"]}");
        Assert.InRange(
            DateTimeOffset.FromUnixTimeMilliseconds((long)one["last_inference"]!), DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddMinutes(1));
        foreach (var stage in new[] { "success", "queue", "compute_input", "compute_infer", "compute_output" })
        {
            Assert.Equal(3, (int)one["inference_stats"]![stage]!["count"]!);
        }

        Assert.NotEqual(0, (long)one["inference_stats"]!["success"]!["ns"]!);
        foreach (var none in new[] { "fail", "cache_hit", "cache_miss" })
        {
            Assert.Equal("""{"count":0,"ns":0}""", one["inference_stats"]![none]!.ToJsonString());
        }

        Assert.Equal("2 3", $"{one["batch_stats"]![0]!["batch_size"]} {one["batch_stats"]![0]!["compute_infer"]!["count"]}");
        Assert.Equal(["a", "b"], (await server.GetAsync("/v2/models/stats")).Json["model_stats"]!.AsArray().Select(each => (string)each!["name"]!));
        Assert.Equal(404, (await server.GetAsync("/v2/models/none/stats")).Status);
    }

    [Theory]
    [InlineData("POST", "/v2", 405, "GET,HEAD")]
    [InlineData("POST", "/v2/models", 405, "GET,HEAD")]
    [InlineData("POST", "/v2/health/live", 405, "GET,HEAD")]
    [InlineData("DELETE", "/v2/models/echo/stats", 405, "GET,HEAD")]
    [InlineData("GET", "/v2/models/echo/infer", 405, "POST")]
    [InlineData("GET", "/v2/repository/index", 405, "POST")]
    [InlineData("PUT", "/v2/repository/models/echo/load", 405, "POST")]
    [InlineData("GET", "/v2/repository/models/echo/unload", 405, "POST")]
    [InlineData("GET", "/v2/unknown", 404, null)]
    [InlineData("GET", "/v2/models/echo/versions/x", 404, null)]
    [InlineData("GET", "/v2/logging", 501, null)]
    [InlineData("POST", "/v2/models/echo/generate", 501, null)]
    [InlineData("GET", "/v2/systemsharedmemory/status", 501, null)]
    [InlineData("GET", "/", 418, null)]
    [InlineData("GET", "/v2x", 418, null)]
    [InlineData("GET", "/V2", 418, null)]
    public async Task What_is_not_there_is_said_so(string method, string path, int status, string? allow)
    {
        await using var server = await RestTestServer.StartAsync(TestModels.Identity("echo"));
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        var answer = await server.SendAsync(request);
        Assert.Equal(status, answer.Status);
        Assert.Equal(allow, answer.Headers.GetValueOrDefault("Allow"));
        Assert.Equal(status != 418, answer.Headers.GetValueOrDefault("Content-Type") == "application/json" && answer.Error.Length > 0);
    }

    [Fact]
    public async Task A_HEAD_is_a_GET_without_its_content()
    {
        await using var server = await RestTestServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Head, "/v2/health/live");
        var answer = await server.SendAsync(request);
        Assert.Equal("200 0 13", $"{answer.Status} {answer.Body.Length} {answer.Headers["Content-Length"]}");
    }
}
