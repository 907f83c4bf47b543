using Bedplate.Inference.Models;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Server;

namespace Bedplate.Tests.Functional.Rest;

/// <summary>Outputs that are answered as their highest classes.</summary>
public class ClassificationTests
{
    private const string Path = "/v2/models/echo/infer";

    [Fact]
    public async Task The_highest_elements_of_each_row_come_in_the_place_of_the_output()
    {
        await using var server = await RestTestServer.StartAsync(TestModels.Identity("echo"));
        var answer = await server.PostAsync(Path, """
            {"inputs":[{"name":"IN","shape":[2,4],"datatype":"FP32","data":[1,5,10,4,0.25,-1.5,-2,0]}],
            "outputs":[{"name":"OUT","parameters":{"classification":2}}]}
            """);
        Assert.Equal(
            """{"model_name":"echo","model_version":"1","outputs":[{"name":"OUT","datatype":"BYTES","shape":[2,2],"data":["10.000000:2","5.000000:1","0.250000:0","0.000000:3"]}]}""",
            answer.Text);
    }

    [Fact]
    public async Task Classes_carry_the_labels_that_there_are()
    {
        var labels = new Dictionary<string, ClassLabels> { ["OUT"] = new(["cat", "größter Hund", ""]) };
        await using var server = await RestTestServer.StartAsync(TestModels.Identity("echo") with { ClassLabels = labels });
        var answer = await server.PostAsync(Path, """
            {"inputs":[{"name":"IN","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}],"outputs":[{"name":"OUT","parameters":{"classification":9}}]}
            """);
        Assert.Equal(["4.000000:3", "3.000000:2:", "2.000000:1:größter Hund", "1.000000:0:cat"], answer.Output<string>("OUT"));
        Assert.Contains("\"shape\":[1,4]", answer.Text);
    }

    [Fact]
    public async Task Classes_can_be_sent_as_bytes()
    {
        await using var server = await RestTestServer.StartAsync(TestModels.Identity("echo"));
        var answer = await server.PostAsync(Path, """
            {"inputs":[{"name":"IN","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}],
            "outputs":[{"name":"OUT","parameters":{"binary_data":true,"classification":1}}]}
            """);
        Assert.Equal([10, 0, 0, 0, .. "4.000000:3"u8], answer.Binary);
        Assert.Equal(
            """{"model_name":"echo","model_version":"1","outputs":[{"name":"OUT","datatype":"BYTES","shape":[1,1],"parameters":{"binary_data_size":14}}]}""",
            answer.Json.ToJsonString());
    }

    [Fact]
    public async Task Without_a_batch_all_elements_are_classes()
    {
        await using var server = await RestTestServer.StartAsync(
            TestModels.IdentityOf("echo", new TensorSpec("IN", DataType.Int32, new TensorShape(2, 2))));
        var answer = await server.PostAsync(Path, """
            {"inputs":[{"name":"IN","shape":[2,2],"datatype":"INT32","data":[7,-8,9,7]}],"outputs":[{"name":"OUT","parameters":{"classification":3}}]}
            """);
        Assert.Contains("\"datatype\":\"BYTES\",\"shape\":[3],\"data\":[\"9:2\",\"7:0\",\"7:3\"]", answer.Text);
    }

    [Theory]
    [InlineData("UINT8", "[0,255]", "255:1 0:0")]
    [InlineData("UINT16", "[0,65535]", "65535:1 0:0")]
    [InlineData("UINT32", "[0,4294967295]", "4294967295:1 0:0")]
    [InlineData("UINT64", "[0,18446744073709551615]", "18446744073709551615:1 0:0")]
    [InlineData("INT8", "[-128,127]", "127:1 -128:0")]
    [InlineData("INT16", "[-32768,32767]", "32767:1 -32768:0")]
    [InlineData("INT32", "[-2147483648,2147483647]", "2147483647:1 -2147483648:0")]
    [InlineData("INT64", "[-9223372036854775808,9223372036854775807]", "9223372036854775807:1 -9223372036854775808:0")]
    [InlineData("FP32", "[0.9,-0.0000004]", "0.900000:0 -0.000000:1")]
    [InlineData("FP32", """["NaN","-Infinity"]""", "-inf:1 nan:0")]
    [InlineData("FP64", """[1.5,"Infinity"]""", "inf:1 1.500000:0")]
    [InlineData("FP64", "[1e22,-2e22]", "10000000000000000000000.000000:0 -20000000000000000000000.000000:1")]
    public async Task Elements_of_every_type_of_number_are_ranked(string type, string data, string expected)
    {
        Assert.True(DataTypes.TryParse(System.Text.Encoding.ASCII.GetBytes(type), out var dataType));
        await using var server = await RestTestServer.StartAsync(TestModels.IdentityOf("echo", new TensorSpec("IN", dataType, new TensorShape(2))));
        var answer = await server.PostAsync(Path, $$$"""
            {"inputs":[{"name":"IN","shape":[2],"datatype":"{{{type}}}","data":{{{data}}}}],"outputs":[{"name":"OUT","parameters":{"classification":2}}]}
            """);
        Assert.Equal(expected, string.Join(" ", answer.Output<string>("OUT")));
    }

    [Fact]
    public async Task The_longest_numbers_with_labels_fit()
    {
        var labels = new Dictionary<string, ClassLabels> { ["OUT"] = new(["x", new string('y', 1000)]) };
        await using var server = await RestTestServer.StartAsync(
            TestModels.IdentityOf("echo", new TensorSpec("IN", DataType.Float64, new TensorShape(-1, 2))) with { ClassLabels = labels });
        var answer = await server.PostAsync(Path, $$$"""
            {"inputs":[{"name":"IN","shape":[50,2],"datatype":"FP64","data":[{{{string.Join(",", Enumerable.Repeat("-1.7976931348623157E308,-1.7976931348623157E308", 50))}}}]}],
            "outputs":[{"name":"OUT","parameters":{"classification":2}}]}
            """);
        var classes = answer.Output<string>("OUT");
        Assert.Equal(100, classes.Length);
        Assert.All(classes.Where((_, i) => i % 2 == 1), text => Assert.EndsWith(".000000:1:" + new string('y', 1000), text));
        Assert.Equal(1 + 309 + 7 + 1 + 1 + 1 + 1, classes[0].Length);
    }

    [Fact]
    public async Task Half_precision_is_ranked_although_JSON_cannot_carry_it()
    {
        await using var server = await RestTestServer.StartAsync(TestModels.IdentityOf("echo", new TensorSpec("IN", DataType.Float16, new TensorShape(2))));
        var json = """
            {"inputs":[{"name":"IN","shape":[2],"datatype":"FP16","parameters":{"binary_data_size":4}}],"outputs":[{"name":"OUT","parameters":{"classification":1}}]}
            """;
        byte[] body = [.. System.Text.Encoding.UTF8.GetBytes(json), .. BitConverter.GetBytes((Half)0.5), .. BitConverter.GetBytes((Half)1.5)];
        var answer = await server.PostAsync(Path, body, ("Inference-Header-Content-Length", $"{json.Length}"));
        Assert.Equal(["1.500000:1"], answer.Output<string>("OUT"));
    }

    [Theory]
    [InlineData("[0,4]", "[0,4]")]
    [InlineData("[3,0]", "[3,0]")]
    public async Task Of_nothing_there_are_no_classes(string shape, string answered)
    {
        await using var server = await RestTestServer.StartAsync(TestModels.IdentityOf("echo", new TensorSpec("IN", DataType.Float32, new TensorShape(-1, -1))));
        var answer = await server.PostAsync(Path, $$$"""
            {"inputs":[{"name":"IN","shape":{{{shape}}},"datatype":"FP32","data":[]}],"outputs":[{"name":"OUT","parameters":{"classification":4}}]}
            """);
        Assert.Contains($"\"shape\":{answered},\"data\":[]", answer.Text);
    }

    [Theory]
    [InlineData("BOOL", "1", 400, "class result not available for output due to unsupported type 'BOOL': ask for output 'OUT' for model 'echo' without 'classification'")]
    [InlineData("BYTES", "1", 400, "class result not available for output due to unsupported type 'BYTES'")]
    [InlineData("BF16", "1", 400, "class result not available for output due to unsupported type 'BF16'")]
    [InlineData("FP32", "65537", 400, "invalid value for 'classification' of output 'OUT' for model 'echo': 65537 classes are asked for; the most are 65536")]
    [InlineData("FP32", "18446744073709551615", 400, "invalid value for 'classification' of output 'OUT' for model 'echo'")]
    [InlineData("FP32", "-1", 400, "Unable to parse 'classification': attempt to access JSON non-unsigned-integer as unsigned-integer")]
    [InlineData("FP32", "\"2\"", 400, "Unable to parse 'classification': attempt to access JSON non-unsigned-integer as unsigned-integer")]
    [InlineData("FP32", "1,\"classification\":1", 400, "the key 'classification' is given more than once in an output's 'parameters'; leave one")]
    public async Task What_cannot_be_ranked_is_refused(string type, string classes, int status, string error)
    {
        Assert.True(DataTypes.TryParse(System.Text.Encoding.ASCII.GetBytes(type), out var dataType));
        await using var server = await RestTestServer.StartAsync(TestModels.IdentityOf("echo", new TensorSpec("IN", dataType, new TensorShape(-1))));
        var answer = await server.PostAsync(Path, $$$"""
            {"outputs":[{"name":"OUT","parameters":{"classification":{{{classes}}}}}],"inputs":[{"name":"IN","shape":[0],"datatype":"{{{type}}}","data":[]}]}
            """);
        Assert.Equal(status, answer.Status);
        Assert.StartsWith(error, answer.Error);
    }

    [Fact]
    public async Task Classes_for_which_there_is_no_memory_are_refused()
    {
        var labels = new Dictionary<string, ClassLabels> { ["OUT"] = new([new string('x', 100_000)]) };
        await using var server = await RestTestServer.StartAsync(
            new RestTestServerOptions { Engine = new Bedplate.Inference.EngineOptions { InFlightByteLimit = 8 << 20 } },
            TestModels.IdentityOf("echo", new TensorSpec("IN", DataType.Float32, new TensorShape(-1))) with { ClassLabels = labels });
        var answer = await server.PostAsync(Path, $$$"""
            {"outputs":[{"name":"OUT","parameters":{"classification":1000}}],
            "inputs":[{"name":"IN","shape":[1000],"datatype":"FP32","data":[{{{string.Join(",", Enumerable.Range(0, 1000))}}}]}]}
            """);
        Assert.Equal(503, answer.Status);
        Assert.Contains("Retry-After", answer.Headers.Keys);
        Assert.Equal(200, (await server.PostAsync(Path, """{"inputs":[{"name":"IN","shape":[1],"datatype":"FP32","data":[1]}]}""")).Status);
    }
}
