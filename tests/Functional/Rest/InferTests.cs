using System.Net;
using System.Text;
using Bedplate.Inference.Models;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Bedplate.Tests.Functional.Rest;

/// <summary>What an inference request may say, and how it is answered.</summary>
public class InferTests
{
    private const string Path = "/v2/models/echo/infer";
    private const string HeaderLength = "Inference-Header-Content-Length";

    [Fact]
    public async Task A_request_is_answered()
    {
        await using var server = await RestTestServer.StartAsync(TestModels.Identity("echo"));
        var answer = await server.PostAsync(Path, """
            {"id":"a\"b\u00e9","inputs":[{"name":"IN","shape":[1,4],"datatype":"FP32","data":[1,2.5,-3e2,0.1]}]}
            """);
        Assert.Equal(200, answer.Status);
        Assert.Equal(
            """{"id":"a\"b\u00e9","model_name":"echo","model_version":"1","outputs":[{"name":"OUT","datatype":"FP32","shape":[1,4],"data":[1.0,2.5,-300.0,0.1]}]}""",
            answer.Text);
        Assert.Equal("application/json", answer.Headers["Content-Type"]);
        Assert.Equal($"{answer.Body.Length}", answer.Headers["Content-Length"]);
    }

    [Theory]
    [InlineData(HttpProtocols.Http1)]
    [InlineData(HttpProtocols.Http2)]
    public async Task Either_version_of_HTTP_will_do(HttpProtocols protocols)
    {
        await using var server = await RestTestServer.StartAsync(new RestTestServerOptions { HttpProtocols = protocols }, TestModels.Identity("echo"));
        server.Client.DefaultRequestVersion = protocols == HttpProtocols.Http2 ? HttpVersion.Version20 : HttpVersion.Version11;
        server.Client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        using var request = new HttpRequestMessage(HttpMethod.Post, Path)
        {
            Version = server.Client.DefaultRequestVersion,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new StringContent(Numbers(40_000)),
        };
        var answer = await server.SendAsync(request);
        Assert.Equal(Enumerable.Range(0, 40_000).Select(i => (float)i), answer.Output<float>("OUT"));
    }

    [Theory]
    [InlineData("""{"data":[1,2,3,4],"datatype":"FP32","shape":[1,4],"name":"IN"}""")]
    [InlineData("""{"name":"IN","data":[[[1],[2]],[3,[4]]],"shape":[1,4],"datatype":"FP32"}""")]
    [InlineData("""{"name":"IN","shape":[1,4],"datatype":"FP32","data":[[1,2,3,4]]}""")]
    [InlineData("""{"name":"IN","shape":[1,4],"datatype":"FP32","data":[1,2,[],3,4,[[]]]}""")]
    [InlineData("""{"name":"IN","shape":[1,4],"datatype":"FP32","parameters":{"mine":[{"deep":{}}]},"more":[null,true],"data":[1,2,3,4]}""")]
    [InlineData("""{"\u006eame":"\u0049N","shape":[1,4],"datatype":"FP\u00332","data":[1,2,3,4]}""")]
    [InlineData(" \t\r\n{ \"name\" : \"IN\" , \"shape\" : [ 1 , 4 ] , \"datatype\" : \"FP32\" , \"data\" : [ 1 , 2 , 3 , 4 ] } ")]
    public async Task Keys_come_in_any_order_and_data_nests_in_any_way(string input)
    {
        await using var server = await RestTestServer.StartAsync(TestModels.Identity("echo"));
        var answer = await server.PostAsync(Path, $$"""{"unknown":{"a":[1]},"outputs":[],"inputs":[{{input}}],"model_name":"other"}""");
        Assert.Equal([1f, 2, 3, 4], answer.Output<float>("OUT"));
    }

    [Fact]
    public async Task Outputs_come_as_they_were_asked_for()
    {
        await using var server = await RestTestServer.StartAsync(TestModels.IdentityOf("echo", Spec("IN0"), Spec("IN1"), Spec("IN2")));
        var inputs = string.Join(",", Enumerable.Range(0, 3).Select(i => $$"""{"name":"IN{{i}}","shape":[1],"datatype":"INT32","data":[{{i}}]}"""));
        var all = await server.PostAsync(Path, $$"""{"inputs":[{{inputs}}]}""");
        Assert.Equal(["OUT0", "OUT1", "OUT2"], Names(all));
        var chosen = await server.PostAsync(Path, $$"""{"inputs":[{{inputs}}],"outputs":[{"name":"OUT2"},{"name":"OUT0"},{"name":"OUT2"}]}""");
        Assert.Equal(["OUT2", "OUT0"], Names(chosen));
        Assert.Equal([2], chosen.Output<int>("OUT2"));
    }

    [Fact]
    public async Task Binary_and_JSON_can_be_mixed()
    {
        await using var server = await RestTestServer.StartAsync(TestModels.IdentityOf(
            "echo", Spec("IN0"), new TensorSpec("IN1", DataType.Bytes, new TensorShape(2))));
        var answer = await PostBinaryAsync(
            server,
            """
            {"inputs":[{"name":"IN1","shape":[2],"datatype":"BYTES","data":["é\n",""]},
            {"name":"IN0","shape":[2],"datatype":"INT32","parameters":{"binary_data_size":8}}],
            "outputs":[{"name":"OUT1","parameters":{"binary_data":true}},{"name":"OUT0"}]}
            """,
            [1, 0, 0, 0, 255, 255, 255, 255]);
        Assert.Equal(200, answer.Status);
        Assert.Equal("application/octet-stream", answer.Headers["Content-Type"]);
        Assert.Equal(
            """{"model_name":"echo","model_version":"1","outputs":[{"name":"OUT1","datatype":"BYTES","shape":[2],"parameters":{"binary_data_size":11}},{"name":"OUT0","datatype":"INT32","shape":[2],"data":[1,-1]}]}""",
            answer.Json.ToJsonString());
        Assert.Equal([3, 0, 0, 0, 0xC3, 0xA9, 10, 0, 0, 0, 0], answer.Binary);
    }

    [Fact]
    public async Task An_input_without_elements_can_be_announced_as_bytes_where_none_follow()
    {
        await using var server = await RestTestServer.StartAsync(TestModels.IdentityOf("echo", new TensorSpec("IN0", DataType.Int32, new TensorShape(-1)), Spec("IN1")));
        var answer = await server.PostAsync(Path, """
            {"inputs":[{"name":"IN0","shape":[0],"datatype":"INT32","parameters":{"binary_data_size":0}},{"name":"IN1","shape":[1],"datatype":"INT32","data":[7]}]}
            """);
        Assert.Equal(200, answer.Status);
        Assert.Empty(answer.Output<int>("OUT0"));
        Assert.Equal([7], answer.Output<int>("OUT1"));
    }

    [Theory]
    [InlineData("""{"binary_data_output":true}""", "", "OUT0 OUT1")]
    [InlineData("""{"binary_data_output":true}""", """{"name":"OUT0"},{"name":"OUT1","parameters":{"binary_data":false}}""", "OUT0")]
    [InlineData("""{"binary_data_output":false}""", """{"name":"OUT1","parameters":{"binary_data":true}},{"name":"OUT0","parameters":{"classification":0}}""", "OUT1")]
    [InlineData("{}", "", "")]
    public async Task An_outputs_own_form_precedes_the_requests(string parameters, string outputs, string binary)
    {
        await using var server = await RestTestServer.StartAsync(TestModels.IdentityOf("echo", Spec("IN0"), Spec("IN1")));
        var answer = await server.PostAsync(Path, $$"""
            {"outputs":[{{outputs}}],"parameters":{{parameters}},
            "inputs":[{"name":"IN0","shape":[1],"datatype":"INT32","data":[1]},{"name":"IN1","shape":[1],"datatype":"INT32","data":[2]}]}
            """);
        var sent = answer.Json["outputs"]!.AsArray().Where(output => output!["parameters"] is not null).Select(output => (string)output!["name"]!);
        Assert.Equal(binary, string.Join(" ", sent));
        Assert.Equal(binary.Length > 0, answer.Headers.ContainsKey(HeaderLength));
    }

    [Theory]
    [InlineData("BOOL", "[true,false]")]
    [InlineData("UINT8", "[0,255]")]
    [InlineData("UINT16", "[0,65535]")]
    [InlineData("UINT32", "[0,4294967295]")]
    [InlineData("UINT64", "[0,18446744073709551615]")]
    [InlineData("INT8", "[-128,127]")]
    [InlineData("INT16", "[-32768,32767]")]
    [InlineData("INT32", "[-2147483648,2147483647]")]
    [InlineData("INT64", "[-9223372036854775808,9223372036854775807]")]
    [InlineData("FP32", "[-0.0,3.4028235e38]")]
    [InlineData("FP64", "[-0.0,1.7976931348623157E+308]")]
    [InlineData("FP32", """["NaN","-Infinity"]""")]
    [InlineData("FP64", """["NaN","Infinity"]""")]
    [InlineData("BYTES", """["\"\\/\b\f\n\r\t\u0001","é€😀"]""", """["\"\\/\b\f\n\r\t\u0001","é€😀"]""")]
    [InlineData("BYTES", """["\u00e9\u20ac\ud83d\uDE00\/",""]""", """["é€😀/",""]""")]
    public async Task Every_type_comes_back_in_JSON(string type, string data, string? expected = null)
    {
        Assert.True(DataTypes.TryParse(Encoding.ASCII.GetBytes(type), out var dataType));
        await using var server = await RestTestServer.StartAsync(TestModels.IdentityOf("echo", new TensorSpec("IN", dataType, new TensorShape(-1))));
        var answer = await server.PostAsync(Path, $$"""{"inputs":[{"name":"IN","shape":[2],"datatype":"{{type}}","data":{{data}}}]}""");
        Assert.Equal(200, answer.Status);
        Assert.Contains($$"""
            "shape":[2],"data":{{expected ?? data}}}]}
            """, answer.Text);
    }

    [Theory]
    [InlineData("[0,3]", "[]")]
    [InlineData("[0,3]", "[[],[]]")]
    [InlineData("[9223372036854775807,0]", "[]")]
    public async Task A_tensor_may_be_empty(string shape, string data)
    {
        await using var server = await RestTestServer.StartAsync(TestModels.IdentityOf("echo", new TensorSpec("IN", DataType.Int64, new TensorShape(-1, -1))));
        var answer = await server.PostAsync(Path, $$"""{"inputs":[{"name":"IN","shape":{{shape}},"datatype":"INT64","data":{{data}}}]}""");
        Assert.Contains($"\"shape\":{shape},\"data\":[]", answer.Text);
        var binary = await PostBinaryAsync(
            server, $$"""{"parameters":{"binary_data_output":true},"inputs":[{"name":"IN","shape":{{shape}},"datatype":"INT64","parameters":{"binary_data_size":0} }]}""", []);
        Assert.Equal(200, binary.Status);
        Assert.Empty(binary.Binary);
    }

    [Fact]
    public async Task A_scalar_has_no_dimensions_and_one_element()
    {
        await using var server = await RestTestServer.StartAsync(TestModels.IdentityOf("echo", new TensorSpec("IN", DataType.Int64, new TensorShape())));
        var answer = await server.PostAsync(Path, """{"inputs":[{"name":"IN","shape":[],"datatype":"INT64","data":[7]}]}""");
        Assert.Contains("\"shape\":[],\"data\":[7]", answer.Text);
    }

    [Fact]
    public async Task Output_that_is_no_text_is_refused_in_JSON_and_sent_as_bytes()
    {
        await using var server = await RestTestServer.StartAsync(TestModels.IdentityOf("echo", new TensorSpec("IN", DataType.Bytes, new TensorShape(-1))));
        byte[] data = [1, 0, 0, 0, (byte)'a', 1, 0, 0, 0, 0xFF];
        var input = """{"name":"IN","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":10}}""";
        var json = await PostBinaryAsync(server, $$"""{"inputs":[{{input}}]}""", data);
        Assert.Equal(400, json.Status);
        Assert.StartsWith("element 1 of output 'OUT' is not UTF-8 text, which JSON cannot carry. Ask for it as binary data", json.Error);
        var binary = await PostBinaryAsync(server, $$"""{"parameters":{"binary_data_output":true},"inputs":[{{input}}]}""", data);
        Assert.Equal(data, binary.Binary);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_large_tensor_goes_through_as_bytes(bool inChunks)
    {
        await using var server = await RestTestServer.StartAsync(TestModels.IdentityOf("echo", new TensorSpec("IN", DataType.UInt8, new TensorShape(-1))));
        var data = new byte[20_000_000];
        Random.Shared.NextBytes(data);
        var json = Encoding.UTF8.GetBytes(
            $$"""{"parameters":{"binary_data_output":true},"inputs":[{"name":"IN","shape":[{{data.Length}}],"datatype":"UINT8","parameters":{"binary_data_size":{{data.Length}} } }]}""");
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new ByteArrayContent([.. json, .. data]) };
        request.Headers.TransferEncodingChunked = inChunks;
        var answer = await server.SendAsync(request, (HeaderLength, $"{json.Length}"));
        Assert.Equal(200, answer.Status);
        Assert.True(data.AsSpan().SequenceEqual(answer.Binary));
    }

    [Fact]
    public async Task A_large_tensor_goes_through_as_JSON()
    {
        await using var server = await RestTestServer.StartAsync(TestModels.Identity("echo"));
        var answer = await server.PostAsync(Path, Numbers(300_000));
        Assert.Equal($"{answer.Body.Length}", answer.Headers["Content-Length"]);
        Assert.Equal(Enumerable.Range(0, 300_000).Select(i => (float)i), answer.Output<float>("OUT"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_raw_body_is_the_only_input(bool inChunks)
    {
        await using var server = await RestTestServer.StartAsync(
            TestModels.Identity("echo"),
            TestModels.IdentityOf("fixed", new TensorSpec("IN", DataType.Int16, new TensorShape(2, 2))),
            TestModels.Identity("batch", maxBatchSize: 8) with
            {
                DeclaredSignature = new ModelSignature(
                    [new TensorSpec("IN", DataType.Float32, new TensorShape(-1, -1, 2))], [new TensorSpec("OUT", DataType.Float32, new TensorShape(-1, -1, 2))]),
            },
            TestModels.IdentityOf("text", new TensorSpec("IN", DataType.Bytes, new TensorShape(1))));
        await AssertRawAsync(server, "echo", new byte[48], inChunks, "[3,4]", new byte[48]);
        await AssertRawAsync(server, "echo", [], inChunks, "[0,4]", []);
        await AssertRawAsync(server, "fixed", [1, 0, 2, 0, 3, 0, 4, 0], inChunks, "[2,2]", [1, 0, 2, 0, 3, 0, 4, 0]);
        await AssertRawAsync(server, "batch", new byte[24], inChunks, "[1,3,2]", new byte[24]);
        await AssertRawAsync(server, "text", "héllo"u8.ToArray(), inChunks, "[1]", [6, 0, 0, 0, .. "héllo"u8]);
    }

    [Fact]
    public async Task A_raw_body_that_leaves_the_shape_open_is_refused()
    {
        await using var server = await RestTestServer.StartAsync(
            TestModels.IdentityOf("two", Spec("IN0"), Spec("IN1")),
            TestModels.IdentityOf("open", new TensorSpec("IN", DataType.Int16, new TensorShape(-1, -1))),
            TestModels.IdentityOf("texts", new TensorSpec("IN", DataType.Bytes, new TensorShape(-1))),
            TestModels.IdentityOf("fixed", new TensorSpec("IN", DataType.Int16, new TensorShape(2, 2))),
            TestModels.Identity("rows"));
        await AssertRawRefusedAsync(server, "two", [1, 2], "Raw request must only have 1 input (found 1) to be deduced but got 2 inputs in 'two' model configuration");
        await AssertRawRefusedAsync(server, "open", [1, 2], "The shape of the raw input 'IN' can not be deduced because there are more than one variable-sized dimension");
        await AssertRawRefusedAsync(server, "texts", [1, 2], "For BYTE datatype raw input 'IN', the model must have input shape [1]");
        await AssertRawRefusedAsync(server, "fixed", [1, 2], "input byte size mismatch for input 'IN' for model 'fixed'. Expected 8, got 2");
        await AssertRawRefusedAsync(server, "rows", new byte[17], "input byte size mismatch for input 'IN' for model 'rows'. Expected 16, got 17");
    }

    [Theory]
    [InlineData("""[2],"datatype":"INT32","parameters":{"binary_data_size":8}""", 7, "unexpected size for input 'IN', expecting 1 additional bytes for model 'echo'")]
    [InlineData("""[2],"datatype":"INT32","parameters":{"binary_data_size":8}""", 0, "unexpected size for input 'IN', expecting 8 additional bytes for model 'echo'")]
    [InlineData("""[2],"datatype":"INT32","parameters":{"binary_data_size":8}""", 9, "unexpected additional input data for model 'echo'")]
    [InlineData("""[2],"datatype":"INT32","data":[1,2]""", 1, "unexpected additional input data for model 'echo'")]
    [InlineData("""[2],"datatype":"INT32","parameters":{"binary_data_size":9223372036854775807}""", 8, "input byte size mismatch for input 'IN' for model 'echo'. Expected 8, got 9223372036854775807")]
    [InlineData("""[100000000000],"datatype":"INT32","parameters":{"binary_data_size":400000000000}""", 8, "unexpected size for input 'IN', expecting 399999999992 additional bytes for model 'echo'")]
    public async Task Binary_data_of_the_wrong_length_is_refused(string input, int length, string error)
    {
        await using var server = await RestTestServer.StartAsync(TestModels.IdentityOf("echo", Spec("IN")));
        var answer = await PostBinaryAsync(server, $$"""{"inputs":[{"name":"IN","shape":{{input}}}]}""", new byte[length]);
        Assert.Equal(400, answer.Status);
        Assert.Equal(error, answer.Error);
    }

    [Theory]
    [InlineData(2, new byte[] { 1, 0, 0, 0, 7, 0, 0, 0, 0 }, null)]
    [InlineData(3, new byte[] { 1, 0, 0, 0, 7, 0, 0, 0, 0 }, "expected 3 string elements for inference input 'IN' for model 'text', got 2")]
    [InlineData(1, new byte[] { 1, 0, 0, 0, 7, 0, 0, 0, 0 }, "unexpected number of string elements 2 for inference input 'IN' for model 'text', expecting 1")]
    [InlineData(2, new byte[] { 1, 0, 0, 0, 7, 0, 0, 0 }, "incomplete string length indicator for inference input 'IN' for model 'text'")]
    [InlineData(2, new byte[] { 255, 255, 255, 255, 7, 0, 0, 0, 0 }, "incomplete string length indicator for inference input 'IN' for model 'text'")]
    [InlineData(1, new byte[0], "expected 1 string elements for inference input 'IN' for model 'text', got 0")]
    public async Task Binary_strings_must_be_as_many_as_the_shape_says(int count, byte[] data, string? error)
    {
        await using var server = await RestTestServer.StartAsync(TestModels.IdentityOf("text", new TensorSpec("IN", DataType.Bytes, new TensorShape(-1))));
        var answer = await PostBinaryAsync(
            server,
            $$"""{"parameters":{"binary_data_output":true},"inputs":[{"name":"IN","shape":[{{count}}],"datatype":"BYTES","parameters":{"binary_data_size":{{data.Length}} } }]}""",
            data,
            "/v2/models/text/infer");
        Assert.Equal(error is null ? 200 : 400, answer.Status);
        if (error is not null)
        {
            Assert.StartsWith(error, answer.Error);
        }
    }

    private static TensorSpec Spec(string name) => new(name, DataType.Int32, new TensorShape(-1));

    private static string Numbers(int count)
    {
        var data = string.Join(", ", Enumerable.Range(0, count).Select(i => $"{i}"));
        return $$"""{"inputs":[{"name":"IN","shape":[{{count / 4}},4],"datatype":"FP32","data":[{{data}}]}]}""";
    }

    private static IEnumerable<string> Names(RestTestAnswer answer) => answer.Json["outputs"]!.AsArray().Select(output => (string)output!["name"]!);

    private static Task<RestTestAnswer> PostBinaryAsync(RestTestServer server, string json, byte[] data, string path = Path)
    {
        var header = Encoding.UTF8.GetBytes(json);
        return server.PostAsync(path, [.. header, .. data], (HeaderLength, $"{header.Length}"));
    }

    private static async Task AssertRawAsync(RestTestServer server, string model, byte[] body, bool inChunks, string shape, byte[] expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v2/models/{model}/infer") { Content = new ByteArrayContent(body) };
        request.Headers.TransferEncodingChunked = inChunks;
        var answer = await server.SendAsync(request, (HeaderLength, "0"));
        Assert.Equal(200, answer.Status);
        Assert.Equal(shape, answer.Json["outputs"]![0]!["shape"]!.ToJsonString());
        Assert.Equal(expected, answer.Binary);
    }

    private static async Task AssertRawRefusedAsync(RestTestServer server, string model, byte[] body, string error)
    {
        var answer = await server.PostAsync($"/v2/models/{model}/infer", body, (HeaderLength, "0"));
        Assert.Equal(400, answer.Status);
        Assert.Equal(error, answer.Error);
    }
}
