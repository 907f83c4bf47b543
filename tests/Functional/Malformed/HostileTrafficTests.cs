using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Bedplate.Protocols;
using Bedplate.Tests.TestKit.Grpc;
using Bedplate.Tests.TestKit.Models;
using Bedplate.Tests.TestKit.Server;

namespace Bedplate.Tests.Functional.Malformed;

/// <summary>
/// Hostile requests against the whole server, while a neighbour's requests go on: each is answered with what is wrong
/// with it, none costs the server memory, none costs the neighbour an answer.
/// </summary>
public class HostileTrafficTests
{
    private const string Path = "/v2/models/sum/infer";
    private const string ModelInfer = "/inference.GRPCInferenceService/ModelInfer";
    private const int BombBytes = 512 << 20;

    // What a server has that carries one small model, and the largest body that it takes.
    private const long MostBytes = 400L << 20;

    [Fact]
    public async Task Hostile_requests_are_answered_clearly_and_touch_nobody_else()
    {
        using var models = new ModelFolder().Add("sum", OnnxModels.Add());
        await using var server = await ServerProcess.StartAsync("--model-repository", models.Path);
        using var stop = new CancellationTokenSource();
        var neighbour = Task.Run(() => AskAsync(server, stop.Token));

        await RefusesAsync(server, 400, "nesting depth exceeds", Encoding.UTF8.GetBytes($$"""{"inputs":{{new string('[', 10_000)}}{{new string(']', 10_000)}}}"""));
        await RefusesAsync(server, 400, "nesting depth exceeds", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"parameters\":", 10_000))));
        await RefusesAsync(server, 400, "NaN and Infinity are no JSON", "{\"inputs\":[{\"name\":\"a\",\"shape\":[1,4],\"datatype\":\"FP32\",\"data\":[NaN,1,2,3]}]}"u8.ToArray());
        await RefusesAsync(server, 413, "raise the setting max-request-size", Bomb(stream => new GZipStream(stream, CompressionLevel.Fastest)), ("Content-Encoding", "gzip"));
        await RefusesAsync(server, 413, "raise the setting max-request-size", Bomb(stream => new ZLibStream(stream, CompressionLevel.Fastest)), ("Content-Encoding", "deflate"));
        TakesNoHeaderFlood(server);
        TakesNoUnendingHead(server);
        TakesChunksOfOneByte(server);
        TakesNoEndlessChunks(server);
        CutShort(server);
        await GrpcBombAsync(server);

        await stop.CancelAsync();
        Assert.True(await neighbour > 0);
        Assert.InRange(server.Process.Readings.PeakResidentBytes, 1, MostBytes);
        Assert.Equal(0, (await server.ReadMetricsAsync()).Sum("bedplate_tensor_memory_bytes"));
        Assert.Equal("", string.Join('\n', server.Process.Error.Split('\n').Where(line => line.Contains("fail:", StringComparison.Ordinal))));
    }

    private static async Task RefusesAsync(ServerProcess server, int status, string reason, byte[] body, params (string, string)[] headers)
    {
        var answer = await server.Rest.PostAsync(Path, body, headers);
        Assert.Equal(status, answer.Status);
        Assert.Contains(reason, answer.Error);
    }

    private static void TakesNoHeaderFlood(ServerProcess server)
    {
        using var client = server.Rest.Connect();
        client.Send(RawConnection.Head(Path, 0, [.. Enumerable.Range(0, 200).Select(i => ($"X-{i}", "y"))]));
        Assert.Equal((int)HttpStatusCode.RequestHeaderFieldsTooLarge, client.Read()!.Status);
    }

    private static void TakesNoUnendingHead(ServerProcess server)
    {
        using var client = server.Rest.Connect();
        client.Send($"POST {Path}?{new string('a', 20_000)} HTTP/1.1\r\n");
        Assert.Equal((int)HttpStatusCode.RequestUriTooLong, client.Read()!.Status);
    }

    // Small chunks are wasteful and not wrong.
    private static void TakesChunksOfOneByte(ServerProcess server)
    {
        using var client = server.Rest.Connect();
        client.Send(RawConnection.Head(Path, contentLength: null));
        var body = SumModel.Json + new string(' ', 100_000);
        client.Send(string.Concat(body.Select(character => $"1\r\n{character}\r\n")) + "0\r\n\r\n");
        Assert.Equal([11f, 22f, 33f, 44f], client.Read()!.Output<float>("sum"));
    }

    private static void TakesNoEndlessChunks(ServerProcess server)
    {
        using var client = server.Rest.Connect();
        client.Send(RawConnection.Head(Path, contentLength: null));
        var chunk = Encoding.UTF8.GetBytes($"100000\r\n{new string(' ', 1 << 20)}\r\n");
        RestTestAnswer? answer = null;
        try
        {
            for (var i = 0; i < 80; i++)
            {
                client.Send(chunk);
            }

            answer = client.Read();
        }
        catch (SocketException)
        {
            // Refused after 64 of them, with the connection: what is on its way then may take the answer along.
        }

        Assert.True(answer is null or { Status: 413 }, $"{answer}");
    }

    // Whoever leaves in the middle of a body, at whichever byte, leaves nothing behind.
    private static void CutShort(ServerProcess server)
    {
        for (var sent = 0; sent < SumModel.Json.Length; sent += 7)
        {
            using var client = server.Rest.Connect();
            client.Send(RawConnection.Head(Path, SumModel.Json.Length));
            client.Send(SumModel.Json[..sent]);
        }
    }

    private static async Task GrpcBombAsync(ServerProcess server)
    {
        var message = GrpcFrame.Of(Bomb(stream => new GZipStream(stream, CompressionLevel.Fastest)), flag: 1);
        var refused = await server.Grpc.CallAsync(ModelInfer, message, ("grpc-encoding", "gzip"));
        Assert.Equal(GrpcCode.ResourceExhausted, refused.Status);
        var cut = await server.Grpc.CallAsync(ModelInfer, GrpcFrame.Of(new byte[10], length: 1000));
        Assert.NotEqual(GrpcCode.Ok, cut.Status);
        var nonsense = await server.Grpc.CallAsync(ModelInfer, GrpcFrame.Of([0xFF, 0xFF, 0xFF, 0xFF, 0xFF]));
        Assert.NotEqual(GrpcCode.Ok, nonsense.Status);
    }

    // Half a gigabyte of spaces, which are no fault in JSON, in half a megabyte.
    private static byte[] Bomb(Func<Stream, Stream> compress)
    {
        using var bytes = new MemoryStream();
        using (var stream = compress(bytes))
        {
            var spaces = Encoding.ASCII.GetBytes(new string(' ', 1 << 20));
            for (var written = 0; written < BombBytes; written += spaces.Length)
            {
                stream.Write(spaces);
            }
        }

        return bytes.ToArray();
    }

    private static async Task<int> AskAsync(ServerProcess server, CancellationToken stop)
    {
        var answers = 0;
        for (; !stop.IsCancellationRequested; answers++)
        {
            await SumModel.AnswersAsync(server, "sum");
        }

        return answers;
    }
}
