using System.IO.Compression;
using System.Text;
using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Server;

namespace Bedplate.Tests.Functional.Rest;

/// <summary>
/// Bodies that are cut off, nested, split, unfolded or endless: each is answered with a clear refusal, costs what it
/// sent and no more, and leaves the server as it was. The host checks after each test that nothing leaked and that
/// nothing was logged as an error.
/// </summary>
public sealed class HostileBodyTests : IAsyncLifetime
{
    private const string Path = "/v2/models/echo/infer";
    private const string Good = """{"id":"\u00e9\n","parameters":{"timeout":1000000000,"mine":1},"inputs":[{"name":"IN0","shape":[1,2],"datatype":"FP32","data":[-1.5e3,2]},{"name":"IN1","shape":[1],"datatype":"BYTES","data":["a\u0041"]}],"outputs":[{"name":"OUT1"}]}""";
    private const string GoodHeader = """{"inputs":[{"name":"IN0","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}},{"name":"IN1","shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":5}}]}""";
    private const long Limit = 1 << 20;

    private static readonly byte[] GoodBinary = [0, 0, 128, 63, 0, 0, 0, 64, 1, 0, 0, 0, 65];

    private RestTestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RestTestServer.StartAsync(
        new RestTestServerOptions { Protocol = new OpenInferenceOptions { MaxRequestBytes = Limit } },
        TestModels.IdentityOf(
            "echo",
            new TensorSpec("IN0", DataType.Float32, new TensorShape(-1, 2)),
            new TensorSpec("IN1", DataType.Bytes, new TensorShape(-1))),
        TestModels.IdentityOf("bytes", new TensorSpec("IN", DataType.UInt8, new TensorShape(-1))));

    public async ValueTask DisposeAsync()
    {
        await AssertServesAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_request_cut_off_at_any_byte_is_refused()
    {
        var body = Encoding.UTF8.GetBytes(Good);
        Assert.Equal(200, (await _server.PostAsync(Path, body)).Status);
        for (var length = 0; length < body.Length; length++)
        {
            var answer = await _server.PostAsync(Path, body[..length]);
            Assert.Equal(400, answer.Status);
            Assert.Matches("^(failed to parse the request JSON buffer: |Failed to parse 'data' field: )", answer.Error);
        }
    }

    [Fact]
    public async Task A_binary_request_cut_off_at_any_byte_is_refused()
    {
        byte[] body = [.. Encoding.UTF8.GetBytes(GoodHeader), .. GoodBinary];
        var header = ("Inference-Header-Content-Length", $"{GoodHeader.Length}");
        Assert.Equal(200, (await _server.PostAsync(Path, body, header)).Status);
        for (var length = 0; length < body.Length; length++)
        {
            var answer = await _server.PostAsync(Path, body[..length], header);
            Assert.Equal(400, answer.Status);
            Assert.Matches("^(inference header size should be in range|unexpected size for input)", answer.Error);

            // Cut off, and every count agrees with it but those of the tensors.
            if (length > 0)
            {
                var shorter = Math.Min(length, GoodHeader.Length);
                var agreed = await _server.PostAsync(Path, body[..length], ("Inference-Header-Content-Length", $"{shorter}"));
                Assert.Equal(400, agreed.Status);
            }
        }
    }

    [Fact]
    public void A_connection_lost_at_any_byte_leaves_nothing_behind()
    {
        byte[] body = [.. Encoding.UTF8.GetBytes(GoodHeader), .. GoodBinary];
        for (var length = 0; length < body.Length; length += 7)
        {
            using var connection = _server.Connect();
            connection.Send(RawConnection.Head(Path, body.Length, ("Inference-Header-Content-Length", $"{GoodHeader.Length}")));
            connection.Send(body.AsSpan(0, length));
        }
    }

    [Fact]
    public void A_connection_half_closed_within_a_body_is_given_up()
    {
        using var connection = _server.Connect();
        connection.Send(RawConnection.Head(Path, Good.Length + 10));
        connection.Send(Good);
        connection.EndSending();
        Assert.True(connection.IsClosed());
    }

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{\"a\":", "}")]
    public async Task Deep_nesting_is_refused_wherever_it_stands(string open, string close)
    {
        var deep = string.Concat(Enumerable.Repeat(open, 10_000)) + "1" + string.Concat(Enumerable.Repeat(close, 10_000));
        string[] bodies =
        [
            $$"""{"a":{{deep}} }""",
            $$"""{"id":{{deep}} }""",
            $$"""{"parameters":{"a":{{deep}} } }""",
            $$"""{"outputs":[{"name":"OUT0","a":{{deep}} }]}""",
            $$"""{"inputs":[{"name":"IN0","shape":[1,2],"datatype":"FP32","data":[{{deep}}]}]}""",
            $$"""{"inputs":[{"name":"IN1","shape":[1],"datatype":"BYTES","data":[{{deep}}]}]}""",
            $$"""{"inputs":[{"data":{{deep}} }]}""",
            deep,
        ];
        foreach (var body in bodies)
        {
            var answer = await _server.PostAsync(Path, body);
            Assert.Equal(400, answer.Status);
            Assert.Matches("JSON nesting depth exceeds maximum allowed limit \\(100\\)|must be an object|non-number as double|non-string as string", answer.Error);
        }
    }

    [Theory]
    [InlineData(97, true)]
    [InlineData(98, false)]
    public async Task Nesting_is_allowed_up_to_the_limit(int levels, bool isAllowed)
    {
        // The root, the array of inputs and the input take three of the hundred.
        var data = string.Concat(Enumerable.Repeat("[", levels)) + "1,2" + string.Concat(Enumerable.Repeat("]", levels));
        var answer = await _server.PostAsync(
            Path,
            $$"""{"inputs":[{"name":"IN0","shape":[1,2],"datatype":"FP32","data":{{data}}},{"name":"IN1","shape":[1],"datatype":"BYTES","data":["a"]}]}""");
        Assert.Equal(isAllowed ? 200 : 400, answer.Status);
    }

    [Fact]
    public void A_body_in_chunks_of_one_byte_is_taken()
    {
        using var connection = _server.Connect();
        connection.Send(RawConnection.Head(Path, null, ("Inference-Header-Content-Length", $"{GoodHeader.Length}")));
        byte[] body = [.. Encoding.UTF8.GetBytes(GoodHeader), .. GoodBinary];
        foreach (var value in body)
        {
            connection.Send([(byte)'1', 13, 10, value, 13, 10]);
        }

        connection.Send("0\r\n\r\n");
        Assert.Equal(200, connection.Read()!.Status);
    }

    [Theory]
    [InlineData("zz\r\n")]
    [InlineData("-1\r\n")]
    [InlineData("5\r\n{\"a\":xx")]
    [InlineData("FFFFFFFFFF\r\n")]
    public void A_body_in_broken_chunks_is_refused(string chunks)
    {
        using var connection = _server.Connect();
        connection.Send(RawConnection.Head(Path, null));
        connection.Send(chunks);
        var answer = connection.Read()!;
        Assert.Equal(400, answer.Status);
        Assert.NotEmpty(answer.Error);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused_before_it_is_read()
    {
        using var connection = _server.Connect();
        connection.Send(RawConnection.Head(Path, 100L << 30));
        var answer = connection.Read()!;
        Assert.Equal(413, answer.Status);
        Assert.Equal(
            "request body size of 107374182400 bytes exceeds the maximum allowed input size of 1048576 bytes. Send less, or raise the setting max-request-size (in code: MaxRequestBytes).", answer.Error);
        Assert.Equal("close", answer.Headers["Connection"]);
        Assert.True(connection.IsClosed());

        var exact = await _server.PostAsync(Path, new byte[Limit]);
        Assert.Equal(400, exact.Status);

        var over = await _server.PostAsync(Path, new byte[Limit + 1]);
        Assert.Equal(413, over.Status);
    }

    // More than the sockets hold, so that it is all sent only if it is all read.
    [Fact]
    public async Task A_client_that_reads_only_after_it_has_sent_too_much_is_told_all_the_same()
    {
        using var connection = _server.Connect();
        var body = new byte[64 * Limit];
        connection.Send(RawConnection.Head(Path, body.Length));
        connection.Send(body);
        Assert.Equal(413, connection.Read()!.Status);

        // The connection is as good as before.
        connection.Send(RawConnection.Head(Path, Good.Length) + Good);
        Assert.Equal(200, connection.Read()!.Status);

        using var chunked = _server.Connect();
        chunked.Send(RawConnection.Head(Path, null));
        for (var i = 0; i < 64; i++)
        {
            chunked.Send("100000\r\n");
            chunked.Send(body.AsSpan(0, 1 << 20));
            chunked.Send("\r\n");
        }

        chunked.Send("0\r\n\r\n");
        Assert.Equal(413, chunked.Read()!.Status);
        Assert.True(chunked.IsClosed());
        await AssertServesAsync();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("0")]
    [InlineData("100000")]
    public void An_endless_body_is_left_at_the_limit(string? headerLength)
    {
        using var connection = _server.Connect();
        connection.Send(headerLength is null ? RawConnection.Head(Path, null) : RawConnection.Head("/v2/models/bytes/infer", null, ("Inference-Header-Content-Length", headerLength)));
        var chunk = Encoding.ASCII.GetBytes("10000\r\n" + new string(' ', 0x10000) + "\r\n");
        var sent = 0L;
        try
        {
            while (sent < 1L << 30)
            {
                connection.Send(chunk);
                sent += chunk.Length;
            }
        }
        catch (System.Net.Sockets.SocketException)
        {
            // The server closed; its answer may be lost with the connection.
        }

        Assert.InRange(sent, 0, 400 * Limit);
    }

    [Fact]
    public async Task A_refusal_before_the_body_does_not_read_it()
    {
        using var connection = _server.Connect();
        connection.Send(RawConnection.Head("/v2/models/none/infer", 100L << 30));
        var answer = connection.Read()!;
        Assert.Equal(404, answer.Status);
        Assert.True(connection.IsClosed());
        await AssertServesAsync();
    }

    [Theory]
    [InlineData("/v2/models/none/infer", 10, 404)]
    [InlineData(Path, 1L << 40, 413)]
    public void A_client_that_asks_before_it_sends_is_told_before(string path, long length, int status)
    {
        using var connection = _server.Connect();
        connection.Send(RawConnection.Head(path, length, ("Expect", "100-continue")));
        Assert.Equal(status, connection.Read()!.Status);
    }

    [Fact]
    public void A_refusal_of_a_small_request_keeps_the_connection()
    {
        using var connection = _server.Connect();
        for (var i = 0; i < 3; i++)
        {
            connection.Send(RawConnection.Head("/v2/models/none/infer", Good.Length) + Good);
            var answer = connection.Read()!;
            Assert.Equal(404, answer.Status);
            Assert.False(answer.Headers.ContainsKey("Connection"));
            connection.Send(RawConnection.Head(Path, 5) + "nope!");
            Assert.Equal(400, connection.Read()!.Status);
        }
    }

    [Fact]
    public void Pipelined_requests_are_answered_in_order()
    {
        using var connection = _server.Connect();
        var good = Good;
        var one = RawConnection.Head(Path, good.Length) + good;
        var bad = RawConnection.Head(Path, 2) + "{}";
        connection.Send(one + bad + one + "GET /v2/health/live HTTP/1.1\r\nHost: test\r\n\r\n" + one);
        Assert.Equal([200, 400, 200, 200, 200], Enumerable.Range(0, 5).Select(_ => connection.Read()!.Status));
    }

    // Refused while most of it is still to come: what is over the limit was never unfolded.
    [Theory]
    [InlineData("gzip", null)]
    [InlineData("deflate", null)]
    [InlineData("gzip", "0")]
    [InlineData("gzip", "1048576")]
    public void A_body_that_unfolds_without_end_is_left_at_the_limit(string coding, string? headerLength)
    {
        using var bomb = new MemoryStream();
        using (Stream stream = coding == "gzip" ? new GZipStream(bomb, CompressionLevel.Optimal, true) : new ZLibStream(bomb, CompressionLevel.Optimal, true))
        {
            var blanks = new byte[1 << 20];
            blanks.AsSpan().Fill((byte)' ');
            for (var i = 0; i < 64; i++)
            {
                stream.Write(blanks);
            }
        }

        using var connection = _server.Connect();
        connection.Send(RawConnection.Head(
            "/v2/models/bytes/infer",
            bomb.Length,
            [("Content-Encoding", coding), .. headerLength is null ? Array.Empty<(string, string)>() : [("Inference-Header-Content-Length", headerLength)]]));
        connection.Send(bomb.ToArray().AsSpan(0, (int)bomb.Length / 10));
        var answer = connection.Read()!;
        Assert.Equal(headerLength == "1048576" ? 400 : 413, answer.Status);
        Assert.NotEmpty(answer.Error);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task A_body_that_is_not_what_its_coding_says_is_refused(string coding)
    {
        var plain = await _server.PostAsync(Path, Good, ("Content-Encoding", coding));
        Assert.Equal(400, plain.Status);
        Assert.Equal($"the body is not valid {coding} data, as its Content-Encoding says", plain.Error);

        // zlib's header with the bit that asks for a dictionary.
        var needy = await _server.PostAsync(Path, (byte[])[0x78, 0x20, 1, 2, 3, 4, 5, 6], ("Content-Encoding", coding));
        Assert.Equal(plain.Error, needy.Error);

        using var packed = new MemoryStream();
        using (Stream stream = coding == "gzip" ? new GZipStream(packed, CompressionLevel.Fastest, true) : new ZLibStream(packed, CompressionLevel.Fastest, true))
        {
            stream.Write(Encoding.UTF8.GetBytes(Good));
        }

        // Up to the checksum, which the framework's reader does not ask for when the data has ended.
        const int checksum = 10;
        for (var length = 0; length < packed.Length - checksum; length += 5)
        {
            Assert.Equal(400, (await _server.PostAsync(Path, packed.ToArray()[..length], ("Content-Encoding", coding))).Status);
        }
    }

    [Fact]
    public async Task Damaged_requests_are_never_the_servers_fault()
    {
        var random = new Random(7);
        byte[] body = [.. Encoding.UTF8.GetBytes(GoodHeader), .. GoodBinary];
        for (var i = 0; i < 1500; i++)
        {
            var damaged = (byte[])body.Clone();
            for (var j = random.Next(1, 4); j > 0; j--)
            {
                damaged[random.Next(damaged.Length)] = random.Next(2) == 0 ? (byte)random.Next(256) : (byte)"\"{}[],:0-9eE\\"[random.Next(13)];
            }

            var answer = await _server.PostAsync(Path, damaged, ("Inference-Header-Content-Length", $"{GoodHeader.Length + random.Next(-2, 3)}"));
            Assert.True(answer.Status is 200 or 400 or 413 or 501, answer.ToString());
        }
    }

    private async Task AssertServesAsync()
    {
        var answer = await _server.PostAsync(Path, Good);
        Assert.Equal(200, answer.Status);
    }
}
