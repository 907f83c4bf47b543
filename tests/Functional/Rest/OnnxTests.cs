using Bedplate.Inference.Models;
using Bedplate.Inference.Onnx;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Server;

namespace Bedplate.Tests.Functional.Rest;

/// <summary>Requests to a model that ONNX Runtime computes.</summary>
public sealed class OnnxTests : IAsyncLifetime
{
    // a[n,4] + b[n,4] → sum[n,4]
    private const string Add =
        "CAg6WQoQCgFhCgFiEgNzdW0iA0FkZBIBZ1oUCgFhEg8KDQgBEgkKAxIBbgoCCARaFAoBYhIPCg0IARIJCgMSAW4KAggEYhYKA3N1bRIPCg0IARIJCgMSAW4KAggEQgIQDQ==";

    private readonly string _file = Path.GetTempFileName();
    private RestTestServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllBytesAsync(_file, Convert.FromBase64String(Add));
        var backend = new OnnxBackend(new OnnxRuntimeOptions(), new AlignedMemoryPool(1 << 30, 0));
        _server = await RestTestServer.StartAsync(
            new RestTestServerOptions { Backends = [backend] },
            new ModelSpec { Name = "add", Backend = "onnxruntime", Versions = [new VersionSource(1, _file)] });
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        File.Delete(_file);
    }

    [Fact]
    public async Task Many_callers_at_a_time_get_their_own_rows()
    {
        await Parallel.ForAsync(0, 400, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) =>
        {
            var rows = 1 + (i % 3);
            var a = string.Join(",", Enumerable.Range(0, 4 * rows).Select(column => $"{column + 0.5}"));
            var b = string.Join(",", Enumerable.Repeat($"{i}", 4 * rows));
            var answer = await _server.PostAsync("/v2/models/add/infer", $$"""
                {"id":"{{i}}","inputs":[{"name":"b","shape":[{{rows}},4],"datatype":"FP32","data":[{{b}}]},{"name":"a","shape":[{{rows}},4],"datatype":"FP32","data":[{{a}}]}]}
                """);
            Assert.Equal($"{i}", (string?)answer.Json["id"]);
            Assert.Equal(Enumerable.Range(0, 4 * rows).Select(column => column + 0.5f + i), answer.Output<float>("sum"));
        });
    }

    [Fact]
    public async Task Its_bytes_go_out_as_the_runtime_has_them()
    {
        var json = """{"parameters":{"binary_data_output":true},"inputs":[{"name":"a","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]},{"name":"b","shape":[1,4],"datatype":"FP32","parameters":{"binary_data_size":16}}]}"""u8.ToArray();
        var answer = await _server.PostAsync("/v2/models/add/infer", [.. json, .. new byte[16]], ("Inference-Header-Content-Length", $"{json.Length}"));
        Assert.Equal("0000803F000000400000404000008040", Convert.ToHexString(answer.Binary));
    }

    [Fact]
    public async Task It_says_what_it_takes()
    {
        var answer = await _server.GetAsync("/v2/models/add");
        Assert.Equal(
            """{"name":"add","versions":["1"],"platform":"onnxruntime_onnx","inputs":[{"name":"a","datatype":"FP32","shape":[-1,4]},{"name":"b","datatype":"FP32","shape":[-1,4]}],"outputs":[{"name":"sum","datatype":"FP32","shape":[-1,4]}]}""",
            answer.Text);
    }

    [Fact]
    public async Task What_the_runtime_refuses_is_said_with_its_words()
    {
        var answer = await _server.PostAsync("/v2/models/add/infer", """
            {"inputs":[{"name":"a","shape":[2,4],"datatype":"FP32","data":[1,2,3,4,1,2,3,4]},{"name":"b","shape":[3,4],"datatype":"FP32","data":[1,2,3,4,1,2,3,4,1,2,3,4]}]}
            """);
        Assert.InRange(answer.Status, 400, 500);
        Assert.Contains("Add", answer.Error);
    }
}
