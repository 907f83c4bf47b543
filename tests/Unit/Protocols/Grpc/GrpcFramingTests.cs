using System.Net;
using Bedplate.Contracts.OpenInference;
using Bedplate.Protocols;
using Bedplate.Protocols.OpenInference;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Grpc;
using Google.Protobuf;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Bedplate.Tests.Unit.Protocols.Grpc;

public class GrpcFramingTests
{
    private const string ModelInfer = "/inference.GRPCInferenceService/ModelInfer";
    private const string ServerLive = "/inference.GRPCInferenceService/ServerLive";

    [Fact]
    public async Task A_call_cut_off_anywhere_is_answered_with_an_error()
    {
        await using var server = await GrpcTestServer.StartAsync();
        await server.Engine.LoadAsync(TestModels.Identity("echo"));
        var request = InferMessages.Raw("echo", 1, 2, 3, 4);
        request.Parameters["p"] = new InferParameter { StringParam = "v" };
        request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "OUT" });
        var frame = GrpcFrame.Of(request);
        for (var length = 0; length < frame.Length; length++)
        {
            var result = await server.Client.CallAsync(ModelInfer, frame[..length]);
            Assert.Equal(length == 0 ? GrpcCode.Unimplemented : GrpcCode.Internal, result.Status);
            Assert.StartsWith(length == 0 ? "The method takes exactly one request message" : "The request stream ended within", result.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_message_cut_off_anywhere_within_a_whole_frame_is_answered_with_an_error()
    {
        await using var server = await GrpcTestServer.StartAsync();
        await server.Engine.LoadAsync(TestModels.Identity("echo"));
        var message = InferMessages.Raw("echo", 1, 2, 3, 4).ToByteArray();
        for (var length = 0; length < message.Length; length++)
        {
            var result = await server.Client.CallAsync(ModelInfer, GrpcFrame.Of(message.AsSpan(0, length)));

            // Where a field ends, what is left is a message that lacks something; elsewhere it is none.
            Assert.Contains(result.Status, new GrpcCode?[] { GrpcCode.Internal, GrpcCode.InvalidArgument, GrpcCode.NotFound });
            Assert.NotEmpty(result.Message);
        }
    }

    public static TheoryData<string, byte[], GrpcCode, string> BadBodies
    {
        get
        {
            var good = GrpcFrame.Of(new ServerLiveRequest());
            var message = new ModelInferRequest { ModelName = "echo" }.ToByteArray();
            return new TheoryData<string, byte[], GrpcCode, string>
            {
                { ServerLive, [], GrpcCode.Unimplemented, "ended without one" },
                { ServerLive, [.. good, .. good], GrpcCode.Unimplemented, "holds a second one" },
                { ServerLive, [.. Enumerable.Repeat(good, 10_000).SelectMany(frame => frame)], GrpcCode.Unimplemented, "holds a second one" },
                { ServerLive, [.. good, 0], GrpcCode.Internal, "within a message's prefix, after 1 of 5 bytes" },
                { ServerLive, GrpcFrame.Of([], flag: 2), GrpcCode.Internal, "The compressed flag of a message is 2" },
                { ServerLive, GrpcFrame.Of([], flag: 1), GrpcCode.Internal, "no grpc-encoding header" },
                { ServerLive, GrpcFrame.Of([], length: 7), GrpcCode.Internal, "7 of its bytes are missing" },
                { ServerLive, GrpcFrame.Of([], length: 5 << 20), GrpcCode.ResourceExhausted, "Received message larger than max (5242880 vs. 4194304 bytes); a request of this method is never larger." },
                { ServerLive, GrpcFrame.Of([0x0A]), GrpcCode.Internal, "The request could not be read" },
                { ModelInfer, [], GrpcCode.Unimplemented, "ended without one" },
                { ModelInfer, [.. GrpcFrame.Of(message), .. GrpcFrame.Of(message)], GrpcCode.Unimplemented, "holds a second one" },
                { ModelInfer, GrpcFrame.Of(message, flag: 1), GrpcCode.Internal, "no grpc-encoding header" },
                { ModelInfer, GrpcFrame.Of(message, length: uint.MaxValue), GrpcCode.ResourceExhausted, "or raise the setting max-request-size (in code: MaxRequestBytes)" },
                { ModelInfer, GrpcFrame.Of([]), GrpcCode.NotFound, "unknown model: ''" },
                { ModelInfer, GrpcFrame.Of([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]), GrpcCode.Internal, "at byte 0, a varint is longer than ten bytes" },
                { ModelInfer, GrpcFrame.Of([0x00]), GrpcCode.Internal, "there is no valid field tag" },
                { ModelInfer, GrpcFrame.Of([0x0F]), GrpcCode.Internal, "there is no valid field tag" },
                { ModelInfer, GrpcFrame.Of([0x0C]), GrpcCode.Internal, "there is a group that is not well formed" },
                { ModelInfer, GrpcFrame.Of([0x0B, 0x14]), GrpcCode.Internal, "there is a group that is not well formed" },
                { ModelInfer, GrpcFrame.Of([0x0A, 0x05, 0x61]), GrpcCode.Internal, "a field reaches past the end of the message it stands in" },
                { ModelInfer, GrpcFrame.Of([0x0A, 0x02, 0xC3, 0x28]), GrpcCode.Internal, "a string is not UTF-8" },
                { ModelInfer, GrpcFrame.Of([0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0x07]), GrpcCode.Internal, "a field reaches past the end" },
                { ModelInfer, GrpcFrame.Of([0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]), GrpcCode.Internal, "a field's length is longer than a message can be" },
                { ModelInfer, GrpcFrame.Of([0x2A, 0x02, 0x2A, 0x01, 0x32]), GrpcCode.Internal, "a field reaches past the end" },
                { ModelInfer, GrpcFrame.Of([0x2A, 0x05, 0x2A, 0x03, 0x32, 0x01, 0x00]), GrpcCode.Internal, "a packed field's length is no multiple of its elements' size" },
                { ModelInfer, GrpcFrame.Of([.. Enumerable.Repeat((byte)0x9B, 600)]), GrpcCode.Internal, "could not be read" },
            };
        }
    }

    [Theory]
    [MemberData(nameof(BadBodies))]
    public async Task A_body_that_is_no_call_is_answered_with_an_error(string path, byte[] body, GrpcCode code, string message)
    {
        await using var server = await GrpcTestServer.StartAsync();
        var result = await server.Client.CallAsync(path, body);
        Assert.Equal(HttpStatusCode.OK, result.HttpStatus);
        Assert.Equal("application/grpc", result.ContentType);
        Assert.Equal(code, result.Status);
        Assert.Contains(message, result.Message, StringComparison.Ordinal);
        Assert.Empty(result.Messages);

        // The connection and the server are as well as before.
        Assert.True((await server.Client.InvokeAsync<ServerLiveResponse>("ServerLive", new ServerLiveRequest())).Live);
    }

    [Theory]
    [InlineData("/inference.GRPCInferenceService/Nothing", "The service 'inference.GRPCInferenceService' has no method 'Nothing'.")]
    [InlineData("/inference.grpcinferenceservice/ServerLive", "There is no service 'inference.grpcinferenceservice' here; there are")]
    [InlineData("/nothing", "There is no service '' here")]
    [InlineData("/", "There is no service '' here")]
    [InlineData("/a/b/c", "There is no service 'a/b' here")]
    public async Task An_unknown_method_is_unimplemented(string path, string message)
    {
        await using var server = await GrpcTestServer.StartAsync();
        var result = await server.Client.CallAsync(path, GrpcFrame.Of(new ServerLiveRequest()));
        Assert.Equal(GrpcCode.Unimplemented, result.Status);
        Assert.StartsWith(message, result.Message, StringComparison.Ordinal);
        Assert.True(result.IsTrailersOnly);
    }

    [Theory]
    [InlineData("application/grpc", HttpStatusCode.OK)]
    [InlineData("application/grpc+proto", HttpStatusCode.OK)]
    [InlineData("application/grpc;charset=utf-8", HttpStatusCode.OK)]
    [InlineData("APPLICATION/GRPC", HttpStatusCode.OK)]
    [InlineData("application/grpc+json", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/grpc-web", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/grpc+protobuf", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/json", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("", HttpStatusCode.UnsupportedMediaType)]
    public async Task Only_protobuf_messages_are_spoken(string contentType, HttpStatusCode status)
    {
        await using var server = await GrpcTestServer.StartAsync();
        var result = await server.Client.CallAsync(ServerLive, GrpcFrame.Of(new ServerLiveRequest()), ("content-type", contentType));
        Assert.Equal(status, result.HttpStatus);
        Assert.Equal(status == HttpStatusCode.OK ? GrpcCode.Ok : null, result.Status);
    }

    [Fact]
    public async Task Other_verbs_and_HTTP_1_are_told_so()
    {
        await using var server = await GrpcTestServer.StartAsync(protocols: HttpProtocols.Http1);
        using var client = new HttpClient { BaseAddress = server.Address };
        using var content = new ByteArrayContent(GrpcFrame.Of(new ServerLiveRequest()));
        content.Headers.ContentType = new("application/grpc");
        using var old = await client.PostAsync(ServerLive, content, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.UpgradeRequired, old.StatusCode);
        Assert.Equal("h2c", old.Headers.Upgrade.Single().ToString());

        await using var http2 = await GrpcTestServer.StartAsync();
        using var putRequest = GrpcTestClient.CreateRequest(ServerLive, content);
        putRequest.Method = HttpMethod.Put;
        using var put = await http2.Client.SendAsync(putRequest, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, put.StatusCode);
        Assert.Equal("POST", put.Content.Headers.Allow.Single());
    }

    [Theory]
    [InlineData("5S", GrpcCode.Ok)]
    [InlineData("99999999H", GrpcCode.Ok)]
    [InlineData("5", GrpcCode.InvalidArgument)]
    [InlineData("soon", GrpcCode.InvalidArgument)]
    [InlineData("123456789S", GrpcCode.InvalidArgument)]
    [InlineData("1S, 2S", GrpcCode.InvalidArgument)]
    public async Task A_timeout_that_cannot_be_read_is_refused(string timeout, GrpcCode code)
    {
        await using var server = await GrpcTestServer.StartAsync();
        await server.Engine.LoadAsync(TestModels.Identity("echo"));
        var result = await server.Client.CallAsync("ModelInfer", InferMessages.Raw("echo", 1, 2, 3, 4), ("grpc-timeout", timeout));
        Assert.Equal(code, result.Status);
        Assert.Equal(code != GrpcCode.Ok, result.Message.StartsWith($"The grpc-timeout '{timeout}' cannot be read", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Compressed_messages_are_read_and_answered_compressed(string encoding)
    {
        await using var server = await GrpcTestServer.StartAsync();
        await server.Engine.LoadAsync(TestModels.Identity("echo"));
        foreach (var rows in new[] { 1, 500, 200_000 })
        {
            var request = InferMessages.Raw("echo", [.. Enumerable.Range(0, rows * 4).Select(i => (float)(i % 97))]);
            var result = await server.Client.CallAsync(
                ModelInfer, GrpcFrame.Compressed(request.ToByteArray(), encoding), ("grpc-encoding", encoding), ("grpc-accept-encoding", $"identity, {encoding}"));
            var response = result.Single<ModelInferResponse>();
            Assert.Equal(request.RawInputContents[0], response.RawOutputContents[0]);
            Assert.Equal(encoding, result.Encoding);
            Assert.Equal(rows == 1 ? 0 : 1, result.Messages[0].Flag);
            Assert.True(rows == 1 || result.Messages[0].Content.Length < request.CalculateSize() / 2);
        }

        // A client that does not say that it reads the encoding gets none; one that may compress need not.
        var small = InferMessages.Raw("echo", new float[4000]);
        var plain = await server.Client.CallAsync(ModelInfer, GrpcFrame.Compressed(small.ToByteArray(), encoding), ("grpc-encoding", encoding));
        Assert.Equal(0, plain.Messages[0].Flag);
        Assert.Null(plain.Encoding);
        var uncompressed = await server.Client.CallAsync(ModelInfer, GrpcFrame.Of(small), ("grpc-encoding", encoding), ("grpc-accept-encoding", encoding));
        Assert.Equal(small.RawInputContents[0], uncompressed.Single<ModelInferResponse>().RawOutputContents[0]);
        var cold = await server.Client.CallAsync(
            ServerLive, GrpcFrame.Compressed([], encoding), ("grpc-encoding", encoding), ("grpc-accept-encoding", encoding));
        Assert.True(cold.Single<ServerLiveResponse>().Live);
    }

    [Theory]
    [InlineData("snappy")]
    [InlineData("GZIP")]
    [InlineData("gzip,deflate")]
    public async Task An_unknown_encoding_is_unimplemented_and_told_the_known_ones(string encoding)
    {
        await using var server = await GrpcTestServer.StartAsync();
        var result = await server.Client.CallAsync(ServerLive, GrpcFrame.Of(new ServerLiveRequest()), ("grpc-encoding", encoding));
        Assert.Equal(GrpcCode.Unimplemented, result.Status);
        Assert.Equal("identity,gzip,deflate", result.AcceptEncoding);
        Assert.Contains($"'{encoding}' is not supported", result.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gzip", ModelInfer)]
    [InlineData("deflate", ModelInfer)]
    [InlineData("gzip", ServerLive)]
    [InlineData("deflate", ServerLive)]
    public async Task What_cannot_be_decompressed_is_refused(string encoding, string path)
    {
        await using var server = await GrpcTestServer.StartAsync();
        await server.Engine.LoadAsync(TestModels.Identity("echo"));
        var compressed = GrpcFrame.Compressed(InferMessages.Raw("echo", 1, 2, 3, 4).ToByteArray(), encoding)[5..];
        byte[][] bodies =
        [
            GrpcFrame.Of([1, 2, 3, 4, 5, 6, 7, 8], flag: 1),
            GrpcFrame.Of(compressed.AsSpan(0, compressed.Length / 2), flag: 1),
            GrpcFrame.Of(compressed, flag: 1, length: (uint)compressed.Length + 9),

            // zlib's header with the bit that asks for a dictionary.
            GrpcFrame.Of([0x78, 0x20, 1, 2, 3, 4, 5, 6], flag: 1),
        ];
        foreach (var body in bodies)
        {
            var result = await server.Client.CallAsync(path, body, ("grpc-encoding", encoding));
            Assert.Equal(GrpcCode.Internal, result.Status);
            Assert.NotEmpty(result.Message);
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task A_decompression_bomb_is_refused_long_before_it_is_unpacked(string encoding)
    {
        await using var server = await GrpcTestServer.StartAsync(new OpenInferenceOptions { MaxRequestBytes = 1 << 20 });
        await server.Engine.LoadAsync(TestModels.Identity("echo"));
        byte[][] bombs =
        [
            // Zeros, which are no message, and a message that would be valid.
            new byte[64 << 20],
            InferMessages.Raw("echo", new float[8 << 20]).ToByteArray(),
            new ModelInferRequest { Id = new string('x', 8 << 20) }.ToByteArray(),
        ];
        foreach (var bomb in bombs)
        {
            var frame = GrpcFrame.Compressed(bomb, encoding);
            Assert.True(frame.Length < bomb.Length / 100);
            var result = await server.Client.CallAsync(ModelInfer, frame, ("grpc-encoding", encoding));
            Assert.Contains(result.Status, new GrpcCode?[] { GrpcCode.ResourceExhausted, GrpcCode.Internal });
            var cold = await server.Client.CallAsync(ServerLive, frame, ("grpc-encoding", encoding));
            Assert.Equal(GrpcCode.ResourceExhausted, cold.Status);
        }
    }

    [Fact]
    public async Task A_message_beyond_the_bound_is_refused_before_it_is_sent()
    {
        await using var server = await GrpcTestServer.StartAsync(new OpenInferenceOptions { MaxRequestBytes = 1000 });
        await server.Engine.LoadAsync(TestModels.Identity("echo"));
        var fits = InferMessages.Raw("echo", new float[4 * 55]);
        Assert.True(fits.CalculateSize() < 1000);
        Assert.Equal(GrpcCode.Ok, (await server.Client.CallAsync("ModelInfer", fits)).Status);
        var result = await server.Client.CallAsync("ModelInfer", InferMessages.Raw("echo", new float[4 * 65]));
        Assert.Equal(GrpcCode.ResourceExhausted, result.Status);
        Assert.Matches(@"^Received message larger than max \(\d+ vs\. 1000 bytes\); send less, or raise the setting max-request-size \(in code: MaxRequestBytes\)\.$", result.Message);
    }
}
