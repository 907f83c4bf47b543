using System.Text;
using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Server;

namespace Bedplate.Tests.Functional.Rest;

public class RepositoryTests
{
    private const string Load = "/v2/repository/models/echo/load";

    private static RestTestServerOptions WithOverride => new()
    {
        Protocol = new OpenInferenceOptions { AllowLoadOverride = true, MaxLoadOverrideBytes = 1000 },
    };

    [Fact]
    public async Task Models_are_listed_loaded_and_unloaded()
    {
        await using var server = await RestTestServer.StartAsync(TestModels.Identity("a"));
        server.Repository.Add(TestModels.Identity("echo"));
        server.Repository.Add(TestModels.Identity("bad") with { Backend = "none" });
        const string a = """{"name":"a","version":"1","state":"READY","reason":""}""";
        Assert.Equal($$"""[{{a}},{"name":"bad","state":"UNKNOWN","reason":""},{"name":"echo","state":"UNKNOWN","reason":""}]""", (await server.PostAsync("/v2/repository/index", "")).Text);
        Assert.Equal($"[{a}]", (await server.PostAsync("/v2/repository/index", """{"ready":true}""")).Text);
        Assert.Equal($"[{a}]", (await server.PostAsync("/v2/repository/main/index", """{"ready":true}""")).Text);

        var loaded = await server.PostAsync(Load, "");
        Assert.Equal("200 ", loaded.ToString());
        Assert.Equal(200, (await server.GetAsync("/v2/models/echo/ready")).Status);
        Assert.Equal(200, (await server.PostAsync(Load, """{"parameters":{}}""")).Status);

        Assert.Equal("200 ", (await server.PostAsync("/v2/repository/models/echo/unload", """{"parameters":{"unload_dependents":true}}""")).ToString());
        Assert.Equal(503, (await server.GetAsync("/v2/models/echo/ready")).Status);
        Assert.Equal("404 failed to load 'none', no such model", Short(await server.PostAsync("/v2/repository/models/none/load", "")));
        Assert.Equal("404 failed to unload 'none', no such model", Short(await server.PostAsync("/v2/repository/models/none/unload", "{}")));
        Assert.StartsWith("400 load failed for model 'bad': ", Short(await server.PostAsync("/v2/repository/models/bad/load", "")));
    }

    [Theory]
    [InlineData("index", "[]", "the request must be empty or a JSON object as in {\"ready\": true}")]
    [InlineData("index", "{\"ready\":1}", "Invalid value for 'ready': expected a boolean")]
    [InlineData("index", "{\"ready\":tru}", "failed to parse the request JSON buffer: ")]
    [InlineData("index", "{\"ready\":true,\"ready\":true}", "failed to parse the request JSON buffer: ")]
    [InlineData("models/echo/unload", "{\"parameters\":5}", "the request must be empty or a JSON object as in {\"parameters\": {\"unload_dependents\": true}}")]
    [InlineData("models/echo/unload", "{\"parameters\":{\"unload_dependents\":\"yes\"}}", "Invalid value for 'unload_dependents': expected a boolean")]
    [InlineData("models/echo/load", "5", "failed to parse the request JSON buffer: The document root must be an object. at 0")]
    [InlineData("models/echo/load", "{\"parameters\":5}", "Unable to parse 'parameters': attempt to access JSON non-object as object")]
    [InlineData("models/echo/load", "{\"parameters\":{},\"parameters\":{}}", "the key 'parameters' is given more than once; leave one")]
    [InlineData("models/echo/load", "{\"parameters\":{\"mine\":1}}", "load parameter 'mine' is not known; there are 'config' and 'file:<version>/<file name>'")]
    [InlineData("models/echo/load", "{\"parameters\":{\"config\":5}}", "load parameter 'config' must be a string")]
    [InlineData("models/echo/load", "{\"parameters\":{\"config\":\"{}\",\"config\":\"{}\"}}", "load parameter 'config' is given more than once; leave one")]
    [InlineData("models/echo/load", "{\"parameters\":{\"file:1/model.onnx\":\"AAAA\"}}", "load parameter 'config' must be specified when files are")]
    [InlineData("models/echo/load", "{\"parameters\":{\"file:1/model.onnx\":\"A!\"}}", "load parameter 'file:1/model.onnx' is not valid base64")]
    public async Task A_wrong_request_is_refused(string path, string body, string error)
    {
        await using var server = await RestTestServer.StartAsync(WithOverride, TestModels.Identity("echo"));
        var answer = await server.PostAsync($"/v2/repository/{path}", body);
        Assert.Equal(400, answer.Status);
        Assert.StartsWith(error, answer.Error);
    }

    [Fact]
    public async Task A_repository_cannot_be_chosen()
    {
        await using var server = await RestTestServer.StartAsync(TestModels.Identity("echo"));
        Assert.Equal("501 'repository_name' specification is not supported", Short(await server.PostAsync("/v2/repository/main/models/echo/load", "")));
        Assert.Equal("501 'repository_name' specification is not supported", Short(await server.PostAsync("/v2/repository/main/models/echo/unload", "")));
    }

    [Theory]
    [InlineData("config")]
    [InlineData("file:1/model.onnx")]
    public async Task A_model_from_the_network_is_refused_unless_that_is_allowed(string parameter)
    {
        await using var server = await RestTestServer.StartAsync(TestModels.Identity("echo"));
        var answer = await server.PostAsync(Load, $$$"""{"parameters":{"{{{parameter}}}":"AAAA"}}""");
        Assert.Equal(403, answer.Status);
        Assert.StartsWith($"load parameter '{parameter}' is refused: this server loads models from its repository only.", answer.Error);
        Assert.Null(server.Repository.LastReplacement);
        Assert.Equal(403, (await server.PostAsync(Load, new byte[100_000])).Status);
    }

    [Fact]
    public async Task A_model_from_the_network_is_handed_to_the_repository()
    {
        await using var server = await RestTestServer.StartAsync(WithOverride, TestModels.Identity("echo"));
        var file = new byte[500];
        new Random(1).NextBytes(file);

        // With escapes in both, as some writers of JSON escape every slash.
        var base64 = Convert.ToBase64String(file).Replace("/", "\\/", StringComparison.Ordinal);
        var answer = await server.PostAsync(
            Load, $$$"""{"parameters":{"file:1\/model.onnx":"{{{base64}}}","config":"{\"name\":\"\u00e9\"}","file:1/empty":""},"more":[{}]}""");
        Assert.Equal(200, answer.Status);
        var replacement = server.Repository.LastReplacement!;
        Assert.Equal("""{"name":"é"}""", Encoding.UTF8.GetString(replacement.ConfigurationJson.Span));
        Assert.Equal(["1/model.onnx", "1/empty"], replacement.Files.Keys);
        Assert.Equal(file, replacement.Files["1/model.onnx"].ToArray());
        Assert.Empty(replacement.Files["1/empty"].ToArray());
    }

    [Fact]
    public async Task A_model_from_the_network_is_bounded()
    {
        await using var server = await RestTestServer.StartAsync(WithOverride, TestModels.Identity("echo"));
        var half = Convert.ToBase64String(new byte[501]);
        var files = await server.PostAsync(Load, $$$"""{"parameters":{"config":"{}","file:1/a":"{{{half}}}","file:1/b":"{{{half}}}"}}""");
        Assert.Equal("413 the files of a load request may have 1000 bytes together; put the model in the repository, or raise the setting max-load-override-size (in code: MaxLoadOverrideBytes).", Short(files));

        using var connection = server.Connect();
        connection.Send(RawConnection.Head(Load, 1L << 40));
        Assert.Equal(413, connection.Read()!.Status);
        Assert.True(connection.IsClosed());
    }

    private static string Short(RestTestAnswer answer) => $"{answer.Status} {answer.Error}";
}
