using Bedplate.Inference.Models;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Server;

namespace Bedplate.Tests.Functional.Rest;

public class InferTests
{
    private const string Path = "/v2/models/echo/infer";

    [Fact]
    public async Task A_request_is_answered()
    {
        await using var server = await RestTestServer.StartAsync(TestModels.Identity("echo"));
        var answer = await server.PostAsync(Path, """
            {"id":"a\"b\u00e9","inputs":[{"name":"IN","shape":[1,4],"datatype":"FP32","data":[1,2.5,-3e2,0.1]}]}
            """);
        Assert.Equal(200, answer.Status);
        Assert.Equal("""{"id":"a\"b\u00e9","model_name":"echo","model_version":"1","outputs":[{"name":"OUT","datatype":"FP32","shape":[1,4],"data":[1.0,2.5,-300.0,0.1]}]}""", answer.Text);
        Assert.Equal("application/json", answer.Headers["Content-Type"]);
        Assert.Equal($"{answer.Body.Length}", answer.Headers["Content-Length"]);
    }

    [Fact]
    public async Task Binary_and_JSON_can_be_mixed()
    {
        await using var server = await RestTestServer.StartAsync(TestModels.IdentityOf(
            "echo", new TensorSpec("IN0", DataType.Int32, new TensorShape(-1)), new TensorSpec("IN1", DataType.Bytes, new TensorShape(2))));
        var json = """{"inputs":[{"name":"IN1","shape":[2],"datatype":"BYTES","data":["é\n",""]},{"name":"IN0","shape":[2],"datatype":"INT32","parameters":{"binary_data_size":8}}],"outputs":[{"name":"OUT1","parameters":{"binary_data":true}},{"name":"OUT0"}]}"""u8.ToArray();
        var answer = await server.PostAsync(Path, [.. json, 1, 0, 0, 0, 255, 255, 255, 255], ("Inference-Header-Content-Length", $"{json.Length}"));
        Assert.Equal(200, answer.Status);
        Assert.Equal("""{"model_name":"echo","model_version":"1","outputs":[{"name":"OUT1","datatype":"BYTES","shape":[2],"parameters":{"binary_data_size":11}},{"name":"OUT0","datatype":"INT32","shape":[2],"data":[1,-1]}]}""", answer.Json.ToJsonString());
        Assert.Equal([3, 0, 0, 0, 0xC3, 0xA9, 10, 0, 0, 0, 0], answer.Binary);
    }
}
