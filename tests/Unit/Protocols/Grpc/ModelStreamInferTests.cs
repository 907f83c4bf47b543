using System.Runtime.InteropServices;
using Bedplate.Contracts.OpenInference;
using Bedplate.Inference;
using Bedplate.Protocols;
using Bedplate.Protocols.OpenInference;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Grpc;
using Bedplate.Tests.TestKit.Time;
using Google.Protobuf;

namespace Bedplate.Tests.Unit.Protocols.Grpc;

public class ModelStreamInferTests
{
    private const int MembersLimit = 64;

    [Fact]
    public async Task Each_request_is_answered_once_and_the_stream_ends_with_its_requests()
    {
        await using var server = await GrpcTestServer.StartAsync();
        await server.Engine.LoadAsync(TestModels.Identity("echo"));
        using var stream = await server.Client.OpenInferAsync();
        for (var i = 0; i < 5; i++)
        {
            var request = InferMessages.Raw("echo", i, 2, 3, 4);
            request.Id = $"r{i}";
            await stream.SendAsync(request);
            var response = await stream.ReadAsync<ModelStreamInferResponse>();
            Assert.Equal("", response!.ErrorMessage);
            Assert.Equal($"r{i}", response.InferResponse.Id);
            Assert.Equal([i, 2, 3, 4], InferMessages.Numbers(response.InferResponse));
            Assert.True(response.InferResponse.Parameters["triton_final_response"].BoolParam);
        }

        stream.EndRequests();
        Assert.Null(await stream.ReadAsync<ModelStreamInferResponse>());
        Assert.Equal(GrpcCode.Ok, stream.Status);
    }

    [Fact]
    public async Task Classes_come_in_the_place_of_an_output()
    {
        await using var server = await GrpcTestServer.StartAsync();
        await server.Engine.LoadAsync(TestModels.Identity("echo"));
        using var stream = await server.Client.OpenInferAsync();
        var request = InferMessages.Raw("echo", 1, 5, 10, 4);
        request.Outputs.Add(InferMessages.Classes("OUT", 1));
        await stream.SendAsync(request);
        var response = (await stream.ReadAsync<ModelStreamInferResponse>())!.InferResponse;
        Assert.Equal([1, 1], response.Outputs[0].Shape);
        Assert.Equal([11, 0, 0, 0, .. "10.000000:2"u8], response.RawOutputContents[0].ToByteArray());
    }

    [Fact]
    public async Task A_stream_without_requests_ends_well()
    {
        await using var server = await GrpcTestServer.StartAsync();
        using var stream = await server.Client.OpenInferAsync();
        stream.EndRequests();
        Assert.Null(await stream.ReadAsync<ModelStreamInferResponse>());
        Assert.Equal(GrpcCode.Ok, stream.Status);
    }

    [Fact]
    public async Task Requests_run_beside_each_other_and_are_answered_in_their_order()
    {
        var gated = new GatedBackend();
        await using var server = await GrpcTestServer.StartAsync(engine: new EngineOptions { ComputeThreads = 4 }, backends: gated);
        await server.Engine.LoadAsync(GatedBackend.Model("gated", instances: 4));
        using var stream = await server.Client.OpenInferAsync();
        for (var run = 1; run <= 3; run++)
        {
            await stream.SendAsync(InferMessages.Raw("gated", run, 0, 0, 0));
        }

        for (var run = 1; run <= 3; run++)
        {
            await gated.WhenRunningAsync(run);
        }

        gated.Release(3);
        gated.Release(2);
        var first = stream.ReadAsync<ModelStreamInferResponse>();
        Assert.False(first.IsCompleted);
        gated.Release(1);
        Assert.Equal(1, InferMessages.Numbers((await first)!.InferResponse)[0]);
        Assert.Equal(2, InferMessages.Numbers((await stream.ReadAsync<ModelStreamInferResponse>())!.InferResponse)[0]);
        Assert.Equal(3, InferMessages.Numbers((await stream.ReadAsync<ModelStreamInferResponse>())!.InferResponse)[0]);
    }

    [Fact]
    public async Task No_more_requests_run_than_a_stream_may_have()
    {
        var gated = new GatedBackend();
        await using var server = await GrpcTestServer.StartAsync(
            new OpenInferenceOptions { MaxStreamConcurrency = 2 }, new EngineOptions { ComputeThreads = 4 }, backends: gated);
        await server.Engine.LoadAsync(GatedBackend.Model("gated", instances: 4));
        using var stream = await server.Client.OpenInferAsync();
        for (var run = 1; run <= 3; run++)
        {
            await stream.SendAsync(InferMessages.Raw("gated", run, 0, 0, 0));
        }

        await gated.WhenRunningAsync(1);
        await gated.WhenRunningAsync(2);

        // The first is not answered before it is released, so that the third cannot have been read; a second stream
        // shows that the model would run it.
        using var other = await server.Client.OpenInferAsync();
        await other.SendAsync(InferMessages.Raw("gated", 9, 0, 0, 0));
        await gated.WhenRunningAsync(9);
        Assert.False(gated.IsRunning(3));
        gated.Release(1);
        await gated.WhenRunningAsync(3);
        gated.Release(2);
        gated.Release(3);
        gated.Release(9);
        stream.EndRequests();
        for (var run = 1; run <= 3; run++)
        {
            Assert.Equal(run, InferMessages.Numbers((await stream.ReadAsync<ModelStreamInferResponse>())!.InferResponse)[0]);
        }

        Assert.Null(await stream.ReadAsync<ModelStreamInferResponse>());
        Assert.Equal(GrpcCode.Ok, stream.Status);
    }

    [Fact]
    public async Task A_failed_request_is_told_within_the_stream_which_goes_on()
    {
        var gated = new GatedBackend();
        await using var server = await GrpcTestServer.StartAsync(backends: gated);
        await server.Engine.LoadAsync(TestModels.Identity("echo"));
        await server.Engine.LoadAsync(GatedBackend.Model("gated"));
        gated.Fail(4, "out of luck");
        using var stream = await server.Client.OpenInferAsync();
        await stream.SendAsync(WithId(InferMessages.Raw("nobody", 1, 2, 3, 4), "a"));
        await stream.SendAsync(WithId(InferMessages.Raw("echo", 1, 2, 3), "b"));
        await stream.SendAsync(WithId(InferMessages.Raw("gated", 4, 0, 0, 0), "c"));
        await stream.SendAsync(WithId(InferMessages.Raw("echo", 1, 2, 3, 4), "d"));
        stream.EndRequests();
        var unknown = await stream.ReadAsync<ModelStreamInferResponse>();
        Assert.Equal("Request for unknown model: 'nobody' is not found", unknown!.ErrorMessage);
        Assert.Equal("a", unknown.InferResponse.Id);
        Assert.Equal("nobody", unknown.InferResponse.ModelName);
        Assert.True(unknown.InferResponse.Parameters["triton_final_response"].BoolParam);
        Assert.StartsWith("input byte size mismatch", (await stream.ReadAsync<ModelStreamInferResponse>())!.ErrorMessage, StringComparison.Ordinal);
        Assert.Equal("Model 'gated' failed: out of luck", (await stream.ReadAsync<ModelStreamInferResponse>())!.ErrorMessage);
        Assert.Equal("d", (await stream.ReadAsync<ModelStreamInferResponse>())!.InferResponse.Id);
        Assert.Null(await stream.ReadAsync<ModelStreamInferResponse>());
        Assert.Equal(GrpcCode.Ok, stream.Status);
    }

    [Fact]
    public async Task With_the_clients_leave_a_failure_ends_the_stream_with_its_status()
    {
        var gated = new GatedBackend();
        await using var server = await GrpcTestServer.StartAsync(engine: new EngineOptions { ComputeThreads = 4 }, backends: gated);
        await server.Engine.LoadAsync(GatedBackend.Model("gated", instances: 4));
        using var stream = await server.Client.OpenInferAsync(("triton_grpc_error", "true"));
        await stream.SendAsync(InferMessages.Raw("gated", 1, 0, 0, 0));
        await stream.SendAsync(InferMessages.Raw("gated", 2, 0, 0));
        await stream.SendAsync(InferMessages.Raw("gated", 3, 0, 0, 0));
        await gated.WhenRunningAsync(3);
        gated.Release(1);
        Assert.Equal(1f, InferMessages.Numbers((await stream.ReadAsync<ModelStreamInferResponse>())!.InferResponse)[0]);
        Assert.Null(await stream.ReadAsync<ModelStreamInferResponse>());
        Assert.Equal(GrpcCode.InvalidArgument, stream.Status);
        Assert.StartsWith("input byte size mismatch", stream.Message, StringComparison.Ordinal);

        // What ran beside it is given up.
        await gated.WhenTerminatedAsync(3);
    }

    [Fact]
    public async Task A_message_that_cannot_be_read_ends_the_stream()
    {
        var gated = new GatedBackend();
        await using var server = await GrpcTestServer.StartAsync(backends: gated);
        await server.Engine.LoadAsync(GatedBackend.Model("gated"));
        byte[][] broken = [GrpcFrame.Of([0x0A, 0x05]), GrpcFrame.Of([], flag: 3), GrpcFrame.Of([], length: uint.MaxValue)];
        for (var i = 0; i < broken.Length; i++)
        {
            using var stream = await server.Client.OpenInferAsync();
            await stream.SendAsync(InferMessages.Raw("gated", i, 0, 0, 0));
            await gated.WhenRunningAsync(i);
            await stream.SendAsync(broken[i]);
            Assert.Null(await stream.ReadAsync<ModelStreamInferResponse>());
            Assert.Equal(i == 2 ? GrpcCode.ResourceExhausted : GrpcCode.Internal, stream.Status);
            await gated.WhenTerminatedAsync(i);
        }
    }

    [Fact]
    public async Task A_client_that_goes_ends_all_its_requests()
    {
        var gated = new GatedBackend();
        await using var server = await GrpcTestServer.StartAsync(engine: new EngineOptions { ComputeThreads = 4 }, backends: gated);
        await server.Engine.LoadAsync(GatedBackend.Model("gated", instances: 4));
        var stream = await server.Client.OpenInferAsync();
        for (var run = 1; run <= 3; run++)
        {
            await stream.SendAsync(InferMessages.Raw("gated", run, 0, 0, 0));
            await gated.WhenRunningAsync(run);
        }

        stream.Dispose();
        for (var run = 1; run <= 3; run++)
        {
            await gated.WhenTerminatedAsync(run);
        }
    }

    [Fact]
    public async Task A_deadline_ends_the_stream_and_what_runs_in_it()
    {
        var gated = new GatedBackend();
        await using var server = await GrpcTestServer.StartAsync(backends: gated);
        await server.Engine.LoadAsync(GatedBackend.Model("gated"));
        using var stream = await server.Client.OpenInferAsync(("grpc-timeout", "2S"));
        await stream.SendAsync(InferMessages.Raw("gated", 1, 0, 0, 0));
        await gated.WhenRunningAsync(1);
        while (await stream.ReadAsync<ModelStreamInferResponse>() is { } response)
        {
            // Its own ending may come first, within the stream.
            Assert.StartsWith("Deadline exceeded", response.ErrorMessage, StringComparison.Ordinal);
        }

        Assert.Equal(GrpcCode.DeadlineExceeded, stream.Status);
        await gated.WhenTerminatedAsync(1);
    }

    [Fact]
    public async Task A_server_that_stops_answers_what_runs_and_takes_nothing_new()
    {
        var gated = new GatedBackend();
        await using var server = await GrpcTestServer.StartAsync(backends: gated);
        await server.Engine.LoadAsync(GatedBackend.Model("gated"));
        using var stream = await server.Client.OpenInferAsync();
        await stream.SendAsync(InferMessages.Raw("gated", 1, 0, 0, 0));
        await gated.WhenRunningAsync(1);
        await server.BeginStopAsync();
        gated.Release(1);
        Assert.Equal(1f, InferMessages.Numbers((await stream.ReadAsync<ModelStreamInferResponse>())!.InferResponse)[0]);
        Assert.Null(await stream.ReadAsync<ModelStreamInferResponse>());
        Assert.Equal(GrpcCode.Unavailable, stream.Status);
        Assert.StartsWith("GRPC server is shutting down", stream.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_decoupled_model_gives_any_number_of_responses()
    {
        await using var server = await StartNumbersAsync();
        using var stream = await server.Client.OpenInferAsync();
        foreach (var count in new[] { 3, 0, 1 })
        {
            foreach (var wantsFinal in new[] { false, true })
            {
                var request = WithId(InferMessages.Count("numbers", count), $"{count}");
                if (wantsFinal)
                {
                    request.Parameters["triton_enable_empty_final_response"] = new InferParameter { BoolParam = true };
                }

                await stream.SendAsync(request);
                for (var number = 0; number < count; number++)
                {
                    var response = (await stream.ReadAsync<ModelStreamInferResponse>())!.InferResponse;
                    Assert.Equal(number, NumberOf(response));
                    Assert.Equal($"{count}", response.Id);
                    Assert.False(response.Parameters["triton_final_response"].BoolParam);
                }

                if (wantsFinal)
                {
                    var last = await stream.ReadAsync<ModelStreamInferResponse>();
                    var expected = new ModelStreamInferResponse
                    {
                        InferResponse = new ModelInferResponse
                        {
                            ModelName = "numbers",
                            ModelVersion = "1",
                            Id = $"{count}",
                            Parameters = { ["triton_final_response"] = new InferParameter { BoolParam = true } },
                        },
                    };
                    Assert.Equal(expected, last);
                }
            }
        }

        stream.EndRequests();
        Assert.Null(await stream.ReadAsync<ModelStreamInferResponse>());
        Assert.Equal(GrpcCode.Ok, stream.Status);
    }

    [Fact]
    public async Task A_decoupled_model_may_fail_after_responses_or_refuse_the_request()
    {
        await using var server = await StartNumbersAsync();
        using var stream = await server.Client.OpenInferAsync();
        var request = InferMessages.Count("numbers", 5);
        request.Parameters["fail_at"] = new InferParameter { Int64Param = 2 };
        await stream.SendAsync(request);
        Assert.Equal(0, NumberOf((await stream.ReadAsync<ModelStreamInferResponse>())!.InferResponse));
        Assert.Equal(1, NumberOf((await stream.ReadAsync<ModelStreamInferResponse>())!.InferResponse));
        Assert.Equal("Model 'numbers' failed: cannot say 2", (await stream.ReadAsync<ModelStreamInferResponse>())!.ErrorMessage);
        await stream.SendAsync(InferMessages.Count("numbers", -1));
        Assert.Equal("RANGE ends at -1, which is before its start 0", (await stream.ReadAsync<ModelStreamInferResponse>())!.ErrorMessage);
    }

    [Fact]
    public async Task Classes_of_a_decoupled_model_are_refused()
    {
        await using var server = await StartNumbersAsync();
        using var stream = await server.Client.OpenInferAsync();
        var request = InferMessages.Count("numbers", 5);
        request.Outputs.Add(InferMessages.Classes("NUMBER", 1));
        await stream.SendAsync(request);
        Assert.StartsWith("classification is not served for model 'numbers', which gives any number of responses", (await stream.ReadAsync<ModelStreamInferResponse>())!.ErrorMessage);
    }

    [Fact]
    public async Task Decoupled_responses_do_not_wait_for_requests_before_them()
    {
        var gated = new GatedBackend();
        await using var server = await StartNumbersAsync(gated);
        await server.Engine.LoadAsync(GatedBackend.Model("gated"));
        using var stream = await server.Client.OpenInferAsync();
        await stream.SendAsync(InferMessages.Raw("gated", 1, 0, 0, 0));
        await gated.WhenRunningAsync(1);
        await stream.SendAsync(InferMessages.Count("numbers", 2));
        Assert.Equal(0, NumberOf((await stream.ReadAsync<ModelStreamInferResponse>())!.InferResponse));
        Assert.Equal(1, NumberOf((await stream.ReadAsync<ModelStreamInferResponse>())!.InferResponse));
        gated.Release(1);
        Assert.Equal("gated", (await stream.ReadAsync<ModelStreamInferResponse>())!.InferResponse.ModelName);
    }

    [Fact]
    public async Task A_client_that_does_not_read_holds_its_model_back_and_loses_nothing()
    {
        const int Count = 100_000;
        var backend = new CountingBackend(MembersLimit);
        await using var server = await GrpcTestServer.StartAsync(backends: backend);
        await server.Engine.LoadAsync(CountingBackend.Model("numbers"));
        using var stream = await server.Client.OpenInferAsync();
        await stream.SendAsync(InferMessages.Count("numbers", Count));
        Assert.Equal(0, NumberOf((await stream.ReadAsync<ModelStreamInferResponse>())!.InferResponse));
        var made = await WhenHeldBackAsync(backend);
        Assert.InRange(made, 10, Count - 1);
        for (var number = 1; number < Count; number++)
        {
            Assert.Equal(number, NumberOf((await stream.ReadAsync<ModelStreamInferResponse>())!.InferResponse));
        }

        stream.EndRequests();
        Assert.Null(await stream.ReadAsync<ModelStreamInferResponse>());
        Assert.Equal(GrpcCode.Ok, stream.Status);
    }

    [Fact]
    public async Task A_client_that_goes_without_reading_frees_its_member()
    {
        var backend = new CountingBackend(MembersLimit);
        await using var server = await GrpcTestServer.StartAsync(backends: backend);
        await server.Engine.LoadAsync(CountingBackend.Model("numbers"));
        var stream = await server.Client.OpenInferAsync();
        await stream.SendAsync(InferMessages.Count("numbers", int.MaxValue));
        await stream.ReadAsync<ModelStreamInferResponse>();
        await WhenHeldBackAsync(backend);
        stream.Dispose();
        await Eventually.HoldsAsync(() => backend.Members == 0, () => "the member has left");
    }

    [Fact]
    public async Task Streams_in_plenty_keep_their_answers_apart()
    {
        await using var server = await StartNumbersAsync();
        await server.Engine.LoadAsync(TestModels.Identity("echo"));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async s =>
        {
            using var stream = await server.Client.OpenInferAsync();
            for (var i = 0; i < 40; i++)
            {
                await stream.SendAsync(i % 3 == 0 ? WithId(InferMessages.Count("numbers", 5), $"{s}/{i}") : WithId(InferMessages.Raw("echo", s, i, 0, 0), $"{s}/{i}"));
            }

            stream.EndRequests();
            var next = new Dictionary<string, int>();
            var echoed = 0;
            while (await stream.ReadAsync<ModelStreamInferResponse>() is { InferResponse: { } response })
            {
                Assert.StartsWith($"{s}/", response.Id, StringComparison.Ordinal);
                if (response.ModelName == "echo")
                {
                    Assert.Equal($"{s}/{InferMessages.Numbers(response)[1]}", response.Id);
                    echoed++;
                }
                else
                {
                    var expected = next.GetValueOrDefault(response.Id);
                    Assert.Equal(expected, NumberOf(response));
                    next[response.Id] = expected + 1;
                }
            }

            Assert.Equal(GrpcCode.Ok, stream.Status);
            Assert.Equal(26, echoed);
            Assert.Equal(14, next.Count);
            Assert.All(next.Values, count => Assert.Equal(5, count));
        }));
    }

    private static async Task<GrpcTestServer> StartNumbersAsync(params Bedplate.Inference.Backends.IBackend[] others)
    {
        var server = await GrpcTestServer.StartAsync(backends: [new CountingBackend(MembersLimit), .. others]);
        await server.Engine.LoadAsync(CountingBackend.Model("numbers"));
        return server;
    }

    // When the client's window and the buffers on the way are full, nothing more is made.
    private static Task<int> WhenHeldBackAsync(CountingBackend backend) =>
        Eventually.SteadyAsync(() => backend.Produced, TimeSpan.FromMilliseconds(500), "the count of what was produced");

    private static ModelInferRequest WithId(ModelInferRequest request, string id)
    {
        request.Id = id;
        return request;
    }

    private static int NumberOf(ModelInferResponse response) => MemoryMarshal.Read<int>(response.RawOutputContents[0].Span);
}
