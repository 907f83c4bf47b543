using Bedplate.Tests.TestKit.Models;
using Bedplate.Tests.TestKit.Server;
using Bedplate.Tests.TestKit.Time;

namespace Bedplate.Tests.Functional.Overload;

/// <summary>A hundred clients who take 16 MiB and do not read, or promise 16 MiB and do not send.</summary>
public sealed class SlowClientTests : IDisposable
{
    private const int Clients = 100;
    private const long AnswerBytes = 16L << 20;
    private const string Path = "/v2/models/zeros/infer";

    // A server that does nothing has some 150 MiB; what its requests weigh comes on top.
    private const long ServerBytes = 400L << 20;

    // 2048 × 2048 floats.
    private const string Body =
        """{"inputs":[{"name":"shape","shape":[2],"datatype":"INT64","data":[2048,2048]}],"outputs":[{"name":"zeros","parameters":{"binary_data":true}}]}""";

    private readonly ModelFolder _models = new ModelFolder().Add("sum", OnnxModels.Add()).Add("zeros", OnnxModels.ZerosOfShape(), "instance_group { count: 2 }");
    private readonly List<RawConnection> _clients = [];

    public void Dispose()
    {
        _clients.ForEach(client => client.Dispose());
        _models.Dispose();
    }

    [Fact]
    public async Task Who_does_not_read_costs_his_answer_and_holds_up_nobody()
    {
        await using var server = await StartAsync(inFlightLimit: "3GiB");
        AskWithoutReading(server);
        await Eventually.HoldsAsync(async () => await CountAsync(server, "nv_inference_request_success") == Clients, () => "all answers to be computed");

        for (var i = 0; i < 20; i++)
        {
            await SumModel.AnswersAsync(server, "sum");
        }

        Assert.InRange(server.Process.Readings.PeakResidentBytes, 1, (Clients * AnswerBytes) + ServerBytes);
        Assert.InRange(server.Process.Readings.ResidentBytes, Clients * AnswerBytes / 2, long.MaxValue);

        // Once all have gone and a while has been quiet, what they cost is the machine's again.
        _clients.ForEach(client => client.Dispose());
        await Eventually.HoldsAsync(
            () => server.Process.Readings.ResidentBytes < ServerBytes / 2,
            () => $"less than {ServerBytes / 2} bytes resident; there are {server.Process.Readings.ResidentBytes}");
        await SumModel.AnswersAsync(server, "sum");
    }

    [Fact]
    public async Task What_does_not_fit_in_flight_is_refused_and_memory_stays_within_the_limit()
    {
        const long limit = 256L << 20;
        await using var server = await StartAsync(inFlightLimit: "256MiB");
        AskWithoutReading(server);
        await Eventually.HoldsAsync(
            async () => await CountAsync(server, "nv_inference_request_success") + await CountAsync(server, "nv_inference_request_failure") == Clients,
            () => "all requests to have ended");

        // One more than fits is let in, and as many as ran at that moment. The last eighth is not for these.
        Assert.InRange(await CountAsync(server, "nv_inference_request_success"), limit * 7 / 8 / AnswerBytes, (limit / AnswerBytes) + 3);
        var refused = await server.Rest.PostAsync(Path, Body);
        Assert.Equal("503 Overloaded: the memory for requests in flight does not hold a further request of model 'zeros'.", $"{refused.Status} {refused.Error}");
        Assert.InRange(int.Parse(refused.Headers["Retry-After"]), 1, 60);
        Assert.Equal(200, (await server.Rest.GetAsync("/v2/health/ready")).Status);
        await SumModel.AnswersAsync(server, "sum");
        Assert.InRange(server.Process.Readings.PeakResidentBytes, 1, limit + (3 * AnswerBytes) + ServerBytes);

        // Who goes away gives his share back.
        _clients.ForEach(client => client.Dispose());
        await Eventually.HoldsAsync(async () => (await server.Rest.PostAsync(Path, Body)).Status == 200, () => "room for answers again");
        await SumModel.AnswersAsync(server, "sum");
    }

    [Fact]
    public async Task Who_does_not_send_what_he_promised_is_cut_off_and_holds_up_nobody()
    {
        _models.AddIdentity("echo", "TYPE_UINT8", "-1");
        await using var server = await StartAsync(inFlightLimit: "3GiB");
        for (var i = 0; i < Clients; i++)
        {
            var client = Connect(server);
            client.Send(RawConnection.Head("/v2/models/echo/infer", AnswerBytes, ("Inference-Header-Content-Length", "0")));
            client.Send("a few bytes, and no more");
        }

        for (var i = 0; i < 20; i++)
        {
            await SumModel.AnswersAsync(server, "sum");
        }

        foreach (var client in _clients)
        {
            Assert.Equal(408, client.Read()!.Status);
            Assert.True(client.IsClosed());
        }

        Assert.InRange(server.Process.Readings.PeakResidentBytes, 1, ServerBytes);
        Assert.Equal(0, (await server.ReadMetricsAsync()).Sum("bedplate_tensor_memory_bytes"));
    }

    private Task<ServerProcess> StartAsync(string inFlightLimit) => ServerProcess.StartAsync(
        "--model-repository", _models.Path, "--engine-in-flight-limit", inFlightLimit, "--trial-enabled", "false");

    private RawConnection Connect(ServerProcess server)
    {
        var client = new RawConnection(server.Rest.Address.Port, receiveBufferBytes: 64 << 10);
        _clients.Add(client);
        return client;
    }

    private void AskWithoutReading(ServerProcess server)
    {
        for (var i = 0; i < Clients; i++)
        {
            var client = Connect(server);
            client.Send(RawConnection.Head(Path, Body.Length));
            client.Send(Body);
        }
    }

    private static async Task<double> CountAsync(ServerProcess server, string metric) =>
        (await server.ReadMetricsAsync()).Sum(metric, ("model", "zeros"));
}
