using System.IO.Compression;
using System.Text;
using Bedplate.Inference.Models;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Server;

namespace Bedplate.Tests.Functional.Rest;

public class CompressionTests
{
    private const string Path = "/v2/models/echo/infer";
    private const string Body = """{"inputs":[{"name":"IN","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]}""";

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("identity")]
    public async Task A_body_may_be_compressed(string coding)
    {
        await using var server = await RestTestServer.StartAsync(TestModels.Identity("echo"));
        var answer = await server.PostAsync(Path, Pack(coding, Encoding.UTF8.GetBytes(Body)), ("Content-Encoding", coding));
        Assert.Equal([1f, 2, 3, 4], answer.Output<float>("OUT"));
        Assert.False(answer.Headers.ContainsKey("Content-Encoding"));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Binary_data_may_be_compressed_both_ways(string coding)
    {
        await using var server = await RestTestServer.StartAsync(TestModels.IdentityOf("echo", new TensorSpec("IN", DataType.UInt8, new TensorShape(-1))));
        var data = new byte[500_000];
        new Random(1).NextBytes(data.AsSpan(0, 1000));
        var json = Encoding.UTF8.GetBytes(
            $$"""{"parameters":{"binary_data_output":true},"inputs":[{"name":"IN","shape":[{{data.Length}}],"datatype":"UINT8","parameters":{"binary_data_size":{{data.Length}} } }]}""");
        var answer = await server.PostAsync(
            Path,
            Pack(coding, [.. json, .. data]),
            ("Content-Encoding", coding),
            ("Accept-Encoding", coding),
            ("Inference-Header-Content-Length", $"{json.Length}"));
        Assert.Equal(200, answer.Status);
        Assert.Equal(coding, answer.Headers["Content-Encoding"]);
        Assert.InRange(answer.Body.Length, 1, data.Length / 2);
        var plain = answer with { Body = Unpack(coding, answer.Body) };
        Assert.True(data.AsSpan().SequenceEqual(plain.Binary));
    }

    [Theory]
    [InlineData("gzip", "gzip")]
    [InlineData("deflate;q=0.9, gzip;q=0.8", "deflate")]
    [InlineData("gzip;q=0", null)]
    [InlineData("br", null)]
    public async Task An_answer_is_compressed_when_that_is_asked_for(string acceptEncoding, string? coding)
    {
        await using var server = await RestTestServer.StartAsync(TestModels.Identity("echo"));
        var answer = await server.PostAsync(Path, Body, ("Accept-Encoding", acceptEncoding));
        Assert.Equal(coding, answer.Headers.GetValueOrDefault("Content-Encoding"));
        var plain = coding is null ? answer : answer with { Body = Unpack(coding, answer.Body) };
        Assert.Equal([1f, 2, 3, 4], plain.Output<float>("OUT"));
    }

    private static byte[] Pack(string coding, byte[] bytes)
    {
        if (coding == "identity")
        {
            return bytes;
        }

        using var packed = new MemoryStream();
        using (Stream stream = coding == "gzip" ? new GZipStream(packed, CompressionLevel.Optimal, true) : new ZLibStream(packed, CompressionLevel.Optimal, true))
        {
            stream.Write(bytes);
        }

        return packed.ToArray();
    }

    private static byte[] Unpack(string coding, byte[] bytes)
    {
        using var packed = new MemoryStream(bytes);
        using Stream stream = coding == "gzip" ? new GZipStream(packed, CompressionMode.Decompress) : new ZLibStream(packed, CompressionMode.Decompress);
        using var plain = new MemoryStream();
        stream.CopyTo(plain);
        return plain.ToArray();
    }
}
