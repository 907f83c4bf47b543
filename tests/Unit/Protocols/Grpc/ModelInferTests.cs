using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Bedplate.Contracts.OpenInference;
using Bedplate.Inference;
using Bedplate.Inference.Backends.Identity;
using Bedplate.Inference.Models;
using Bedplate.Protocols;
using Bedplate.Protocols.OpenInference;
using Bedplate.Protocols.OpenInference.Grpc;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Grpc;
using Bedplate.Tests.TestKit.Server;
using Google.Protobuf;
using DataType = Bedplate.Tensors.DataType;

namespace Bedplate.Tests.Unit.Protocols.Grpc;

public class ModelInferTests
{
    // Bytes a call may allocate. In a debug build the state of every async method is an object, used or not.
#if DEBUG
    private const long AllocationBudget = 1024;
#else
    private const long AllocationBudget = 0;
#endif

    private static readonly DataType[] AllTypes = [.. Enum.GetValues<DataType>().Where(type => type != DataType.Invalid)];

    [Fact]
    public async Task A_request_is_answered_with_the_models_name_version_and_its_own_id()
    {
        await using var server = await GrpcTestServer.StartAsync();
        await server.Engine.LoadAsync(TestModels.Identity("echo"));
        var request = InferMessages.Raw("echo", 1, 2, 3, 4, 5, 6, 7, 8);
        request.Id = "größe 7";
        var response = await server.Client.InvokeAsync<ModelInferResponse>("ModelInfer", request);
        var expected = new ModelInferResponse
        {
            ModelName = "echo",
            ModelVersion = "1",
            Id = "größe 7",
            Outputs = { new ModelInferResponse.Types.InferOutputTensor { Name = "OUT", Datatype = "FP32", Shape = { 2, 4 } } },
            RawOutputContents = { request.RawInputContents[0] },
        };
        Assert.Equal(expected, response);
    }

    [Fact]
    public async Task Classes_come_in_the_place_of_an_output()
    {
        var labels = new Dictionary<string, ClassLabels> { ["OUT"] = new(["a", "b", "c", "d"]) };
        await using var server = await GrpcTestServer.StartAsync();
        await server.Engine.LoadAsync(TestModels.Identity("echo") with { ClassLabels = labels });
        var request = InferMessages.Raw("echo", 1, 5, 10, 4, -1, -2, -3, -4);
        request.Outputs.Add(InferMessages.Classes("OUT", 2));
        var response = await server.Client.InvokeAsync<ModelInferResponse>("ModelInfer", request);
        Assert.Equal(new ModelInferResponse.Types.InferOutputTensor { Name = "OUT", Datatype = "BYTES", Shape = { 2, 2 } }, response.Outputs[0]);
        Assert.Equal(StringElements("10.000000:2:c", "5.000000:1:b", "-1.000000:0:a", "-2.000000:1:b"), response.RawOutputContents[0].ToByteArray());
    }

    [Fact]
    public async Task Classes_for_which_there_is_no_memory_are_refused()
    {
        var labels = new Dictionary<string, ClassLabels> { ["OUT"] = new([new string('x', 16 << 20)]) };
        await using var server = await GrpcTestServer.StartAsync(engine: new EngineOptions { InFlightByteLimit = 8 << 20 });
        await server.Engine.LoadAsync(TestModels.Identity("echo") with { ClassLabels = labels });
        var request = InferMessages.Raw("echo", 1, 5, 10, 4);
        request.Outputs.Add(InferMessages.Classes("OUT", 1));
        var refused = await server.Client.CallAsync("ModelInfer", request);
        Assert.Equal(GrpcCode.Unavailable, refused.Status);
        Assert.StartsWith("Overloaded: there is no memory for the classes", refused.Message);
    }

    [Fact]
    public async Task No_classes_are_the_output_itself()
    {
        await using var server = await GrpcTestServer.StartAsync();
        await server.Engine.LoadAsync(TestModels.Identity("echo"));
        var request = InferMessages.Raw("echo", 1, 5, 10, 4);
        request.Outputs.Add(InferMessages.Classes("OUT", 0));
        var response = await server.Client.InvokeAsync<ModelInferResponse>("ModelInfer", request);
        Assert.Equal([1, 5, 10, 4], InferMessages.Numbers(response));
    }

    [Fact]
    public async Task Every_datatype_comes_back_as_it_was_sent_raw()
    {
        await using var server = await GrpcTestServer.StartAsync();
        foreach (var type in AllTypes)
        {
            await LoadEchoAsync(server, type);
            var data = type == DataType.Bytes ? StringElements("", "a", "größe") : RandomBytes(3 * type.ByteSize());
            var response = await server.Client.InvokeAsync<ModelInferResponse>(
                "ModelInfer", InferMessages.Raw("echo", type.WireName(), [3], data));
            Assert.Equal(type.WireName(), response.Outputs[0].Datatype);
            Assert.Equal(data, response.RawOutputContents[0].ToByteArray());
        }
    }

    [Fact]
    public async Task Typed_contents_of_every_kind_come_back_raw()
    {
        await using var server = await GrpcTestServer.StartAsync();
        (DataType Type, InferTensorContents Contents, byte[] Expected)[] cases =
        [
            (DataType.Bool, new InferTensorContents { BoolContents = { true, false, true } }, [1, 0, 1]),
            (DataType.Int8, new InferTensorContents { IntContents = { -1, 127, -128 } }, [0xFF, 0x7F, 0x80]),
            (DataType.Int16, new InferTensorContents { IntContents = { -1, 1, 256 } }, [0xFF, 0xFF, 1, 0, 0, 1]),
            (DataType.Int32, new InferTensorContents { IntContents = { -1, 1, int.MinValue } }, [0xFF, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0, 0, 0, 0, 0x80]),
            (DataType.Int64, new InferTensorContents { Int64Contents = { 1, -1, 2 } }, [1, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 0, 0, 0]),
            (DataType.UInt8, new InferTensorContents { UintContents = { 0, 200, 255 } }, [0, 200, 255]),
            (DataType.UInt16, new InferTensorContents { UintContents = { 1, 256, 65535 } }, [1, 0, 0, 1, 0xFF, 0xFF]),
            (DataType.UInt32, new InferTensorContents { UintContents = { 1, 2, uint.MaxValue } }, [1, 0, 0, 0, 2, 0, 0, 0, 255, 255, 255, 255]),
            (DataType.UInt64, new InferTensorContents { Uint64Contents = { 1, 2, 3 } }, [1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]),
            (DataType.Float32, new InferTensorContents { Fp32Contents = { 1, 2, 3 } }, [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40]),
            (DataType.Float64, new InferTensorContents { Fp64Contents = { 1, 2, 0 } }, [0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0]),
            (DataType.Bytes, new InferTensorContents { BytesContents = { ByteString.Empty, ByteString.CopyFromUtf8("a"), ByteString.CopyFromUtf8("größe") } }, StringElements("", "a", "größe")),
        ];
        foreach (var (type, contents, expected) in cases)
        {
            await LoadEchoAsync(server, type);
            var response = await server.Client.InvokeAsync<ModelInferResponse>(
                "ModelInfer", InferMessages.Typed("echo", type.WireName(), [3], contents));
            Assert.Equal(expected, response.RawOutputContents[0].ToByteArray());
        }
    }

    [Fact]
    public async Task A_message_larger_than_every_window_arrives_and_returns()
    {
        await using var server = await GrpcTestServer.StartAsync();
        await server.Engine.LoadAsync(TestModels.Identity("echo"));
        var data = RandomBytes(24 << 20);
        var response = await server.Client.InvokeAsync<ModelInferResponse>(
            "ModelInfer", InferMessages.Raw("echo", "FP32", [data.Length / 16, 4], data));
        Assert.True(response.RawOutputContents[0].Span.SequenceEqual(data));
    }

    [Fact]
    public async Task Raw_contents_may_come_before_the_inputs_they_belong_to()
    {
        await using var server = await GrpcTestServer.StartAsync();
        await server.Engine.LoadAsync(TestModels.Identity("echo"));
        var request = InferMessages.Raw("echo", 1, 2, 3, 4);
        byte[] message =
        [
            .. new ModelInferRequest { RawInputContents = { request.RawInputContents } }.ToByteArray(),
            .. new ModelInferRequest { Inputs = { request.Inputs } }.ToByteArray(),
            .. new ModelInferRequest { ModelName = "echo" }.ToByteArray(),
        ];
        var result = await server.Client.CallAsync("/inference.GRPCInferenceService/ModelInfer", GrpcFrame.Of(message));
        Assert.Equal([1f, 2, 3, 4], InferMessages.Numbers(result.Single<ModelInferResponse>()));
    }

    [Fact]
    public async Task Only_the_outputs_that_were_asked_for_come()
    {
        await using var server = await GrpcTestServer.StartAsync();
        await LoadPairAsync(server);
        var request = Pair();
        request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "B_OUT" });
        var response = await server.Client.InvokeAsync<ModelInferResponse>("ModelInfer", request);
        Assert.Equal(["B_OUT"], response.Outputs.Select(output => output.Name));
        Assert.Equal([request.RawInputContents[1]], response.RawOutputContents);
        request.Outputs.Clear();
        response = await server.Client.InvokeAsync<ModelInferResponse>("ModelInfer", request);
        Assert.Equal(["A_OUT", "B_OUT"], response.Outputs.Select(output => output.Name));
        Assert.Equal(request.RawInputContents, response.RawOutputContents);
    }

    public static TheoryData<string> Faults => [.. BadInferRequest.All.Keys];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_request_that_is_wrong_is_told_what_is(string fault)
    {
        await using var server = await GrpcTestServer.StartAsync();
        await LoadPairAsync(server);
        var bad = BadInferRequest.All[fault];
        var request = Pair();
        bad.Break(request);
        var result = await server.Client.CallAsync("ModelInfer", request);
        Assert.Equal(bad.Code, result.Status);
        Assert.Contains(bad.Message, result.Message, StringComparison.Ordinal);
        Assert.True(result.IsTrailersOnly);
    }

    public static TheoryData<string, string> BadStrings => new()
    {
        { "02000000 61", "incomplete string data for inference input 'IN' for model 'echo', expecting string of length 2 but only 1 bytes available." },
        { "01000000 61 0000", "incomplete string length indicator for inference input 'IN' for model 'echo', expecting 4 bytes but only 2 bytes available." },
        { "00000000", "expected 2 string elements for inference input 'IN' for model 'echo', got 1" },
        { "00000000 00000000 00000000", "unexpected number of string elements 3 for inference input 'IN' for model 'echo', expecting 2" },
        { "FFFFFFFF", "incomplete string data for inference input 'IN' for model 'echo', expecting string of length 4294967295 but only 0 bytes available." },
    };

    [Theory]
    [MemberData(nameof(BadStrings))]
    public async Task Strings_that_do_not_add_up_are_refused(string hex, string message)
    {
        await using var server = await GrpcTestServer.StartAsync();
        await LoadEchoAsync(server, DataType.Bytes);
        var data = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        var result = await server.Client.CallAsync("ModelInfer", InferMessages.Raw("echo", "BYTES", [2], data));
        Assert.Equal(GrpcCode.InvalidArgument, result.Status);
        Assert.Equal(message, result.Message);
    }

    [Fact]
    public async Task An_empty_tensor_is_a_tensor()
    {
        await using var server = await GrpcTestServer.StartAsync();
        await server.Engine.LoadAsync(TestModels.Identity("echo"));
        var raw = await server.Client.InvokeAsync<ModelInferResponse>("ModelInfer", InferMessages.Raw("echo", "FP32", [0, 4], []));
        Assert.Equal([0L, 4], raw.Outputs[0].Shape);
        var typed = await server.Client.InvokeAsync<ModelInferResponse>(
            "ModelInfer", InferMessages.Typed("echo", "FP32", [0, 4], new InferTensorContents()));
        Assert.Equal(ByteString.Empty, typed.RawOutputContents[0]);
    }

    [Fact]
    public async Task A_request_that_is_refused_anyway_need_not_arrive()
    {
        await using var server = await GrpcTestServer.StartAsync();
        var message = InferMessages.Raw("nobody", new float[1 << 20]).ToByteArray();
        using var call = await server.Client.OpenAsync("/inference.GRPCInferenceService/ModelInfer", GrpcFrame.Of(message)[..100], isWhole: false);
        Assert.Null(await call.ReadAsync<ModelInferResponse>());
        Assert.Equal(GrpcCode.NotFound, call.Status);
        Assert.Equal("Request for unknown model: 'nobody' is not found", call.Message);
    }

    [Fact]
    public async Task A_call_allocates_nothing()
    {
        // The engine's own memory pool: the tests' one allocates a block for each rental.
        await using var engine = new InferenceEngine([new IdentityBackend()]);
        await engine.Lifecycle.ApplyAsync(TestModels.Identity("echo"), CancellationToken.None);
        var service = new OpenInferenceService(
            engine, new TestRepository(engine), new ServerInfo("bedplate", "1", [], []), new OpenInferenceOptions(), new AnonymousCallers());
        var protocol = new GrpcProtocol(service);
        var exchange = InMemoryExchange.Grpc("/inference.GRPCInferenceService/ModelInfer", GrpcFrame.Of(InferMessages.Raw("echo", 1, 2, 3, 4)));
        var least = long.MaxValue;
        for (var i = 0; i < 2000; i++)
        {
            exchange.Rewind();
            var before = GC.GetAllocatedBytesForCurrentThread();
            var call = protocol.InvokeAsync(exchange.Context);

            // Another thread may have run the model, in which case this one's count says nothing.
            if (call.IsCompletedSuccessfully)
            {
                least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            }

            await call;
            Assert.Equal("0", exchange.Status);
            Assert.Equal(49, exchange.Written);
        }

        Assert.InRange(least, 0, AllocationBudget);
    }

    [Fact]
    public async Task A_client_that_goes_ends_its_request()
    {
        var gated = new GatedBackend();
        await using var server = await GrpcTestServer.StartAsync(backends: gated);
        await server.Engine.LoadAsync(GatedBackend.Model("gated"));
        using var goes = new CancellationTokenSource();
        using var content = new ByteArrayContent(GrpcFrame.Of(InferMessages.Raw("gated", 7, 0, 0, 0)));
        using var request = GrpcTestClient.CreateRequest("/inference.GRPCInferenceService/ModelInfer", content);
        var call = server.Client.SendAsync(request, goes.Token);
        await gated.WhenRunningAsync(7);
        await goes.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);

        // The run is asked to stop, which only happens when nobody waits for it.
        await gated.WhenTerminatedAsync(7);
    }

    [Fact]
    public async Task A_deadline_ends_a_call()
    {
        var gated = new GatedBackend();
        await using var server = await GrpcTestServer.StartAsync(backends: gated);
        await server.Engine.LoadAsync(GatedBackend.Model("gated"));
        var call = server.Client.CallAsync("ModelInfer", InferMessages.Raw("gated", 7, 0, 0, 0), ("grpc-timeout", "2S"));
        await gated.WhenRunningAsync(7);
        Assert.Equal(GrpcCode.DeadlineExceeded, (await call).Status);
        await gated.WhenTerminatedAsync(7);
    }

    [Fact]
    public async Task A_deadline_that_has_passed_already_is_told_without_running()
    {
        var gated = new GatedBackend();
        await using var server = await GrpcTestServer.StartAsync(backends: gated);
        await server.Engine.LoadAsync(GatedBackend.Model("gated"));
        var result = await server.Client.CallAsync("ModelInfer", InferMessages.Raw("gated", 7, 0, 0, 0), ("grpc-timeout", "0n"));
        Assert.Equal(GrpcCode.DeadlineExceeded, result.Status);
        Assert.False(gated.IsRunning(7));
    }

    [Fact]
    public async Task A_full_queue_says_when_to_come_again()
    {
        var gated = new GatedBackend();
        await using var server = await GrpcTestServer.StartAsync(engine: new() { QueueLimit = 1 }, backends: gated);
        await server.Engine.LoadAsync(GatedBackend.Model("gated"));
        var running = server.Client.CallAsync("ModelInfer", InferMessages.Raw("gated", 1, 0, 0, 0));
        await gated.WhenRunningAsync(1);

        // Of two more, one waits and one is refused, whichever comes first.
        var others = new[] { 2f, 3 }.Select(run => server.Client.CallAsync("ModelInfer", InferMessages.Raw("gated", run, 0, 0, 0))).ToList();
        var refused = await (await Task.WhenAny(others));
        Assert.Equal(GrpcCode.Unavailable, refused.Status);
        Assert.StartsWith("Exceeds maximum queue size", refused.Message, StringComparison.Ordinal);
        Assert.True(long.Parse(refused.RetryPushback!, CultureInfo.InvariantCulture) >= 1);
        gated.Release(1);
        gated.Release(2);
        gated.Release(3);
        Assert.Equal(GrpcCode.Ok, (await running).Status);
        Assert.Equal([GrpcCode.Ok, GrpcCode.Unavailable], (await Task.WhenAll(others)).Select(result => result.Status!.Value).Order());
    }

    [Fact]
    public async Task A_backends_failure_is_internal()
    {
        var gated = new GatedBackend();
        await using var server = await GrpcTestServer.StartAsync(backends: gated);
        await server.Engine.LoadAsync(GatedBackend.Model("gated"));
        gated.Fail(5, "out of luck");
        var result = await server.Client.CallAsync("ModelInfer", InferMessages.Raw("gated", 5, 0, 0, 0));
        Assert.Equal(GrpcCode.Internal, result.Status);
        Assert.Equal("Model 'gated' failed: out of luck", result.Message);
    }

    [Fact]
    public async Task Tensors_larger_than_a_request_may_have_are_refused()
    {
        await using var server = await GrpcTestServer.StartAsync(new OpenInferenceOptions { MaxRequestBytes = 100_000 });
        await LoadEchoAsync(server, DataType.Int64);
        var many = new InferTensorContents();
        many.Int64Contents.Add(new long[50_000]);

        // 50,000 varints of one byte become 400,000 bytes.
        var result = await server.Client.CallAsync("ModelInfer", InferMessages.Typed("echo", "INT64", [50_000], many));
        Assert.Equal(GrpcCode.ResourceExhausted, result.Status);
        Assert.Contains("raise the setting max-request-size", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_goes_while_requests_come_never_fails_otherwise()
    {
        await using var server = await GrpcTestServer.StartAsync();
        server.Repository.Add(TestModels.Identity("echo"));
        await server.Engine.LoadAsync(TestModels.Identity("echo"));
        using var stop = new CancellationTokenSource();
        var traffic = Task.Run(async () =>
        {
            var statuses = new HashSet<GrpcCode?>();
            while (!stop.IsCancellationRequested)
            {
                statuses.Add((await server.Client.CallAsync("ModelInfer", InferMessages.Raw("echo", 1, 2, 3, 4))).Status);
            }

            return statuses;
        });
        for (var i = 0; i < 20; i++)
        {
            await server.Client.InvokeAsync<RepositoryModelUnloadResponse>("RepositoryModelUnload", new RepositoryModelUnloadRequest { ModelName = "echo" });
            await server.Engine.Engine.Lifecycle.WhenUnloadedAsync();
            await server.Client.InvokeAsync<RepositoryModelLoadResponse>("RepositoryModelLoad", new RepositoryModelLoadRequest { ModelName = "echo" });
        }

        await stop.CancelAsync();
        Assert.Subset(new HashSet<GrpcCode?> { GrpcCode.Ok, GrpcCode.NotFound, GrpcCode.Unavailable }, await traffic);
    }

    [Fact]
    public async Task A_decoupled_model_is_not_served_by_a_unary_call()
    {
        await using var server = await GrpcTestServer.StartAsync(backends: new CountingBackend(membersLimit: 1));
        await server.Engine.LoadAsync(CountingBackend.Model("numbers"));
        var result = await server.Client.CallAsync("ModelInfer", InferMessages.Count("numbers", 3));
        Assert.Equal(GrpcCode.Unimplemented, result.Status);
        Assert.StartsWith("ModelInfer RPC doesn't support models with decoupled transaction policy", result.Message, StringComparison.Ordinal);
    }

    private static ModelInferRequest Pair()
    {
        var request = InferMessages.Raw("pair", 1, 2, 3, 4);
        request.Inputs[0].Name = "A";
        request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = "B", Datatype = "FP32", Shape = { 1, 4 } });
        request.RawInputContents.Add(ByteString.CopyFrom(RandomBytes(16)));
        return request;
    }

    private static async Task LoadPairAsync(GrpcTestServer server) => await server.Engine.LoadAsync(TestModels.Identity("pair") with
    {
        DeclaredSignature = new ModelSignature(
            [new TensorSpec("A", DataType.Float32, new TensorShape(-1, 4)), new TensorSpec("B", DataType.Float32, new TensorShape(-1, 4))],
            [new TensorSpec("A_OUT", DataType.Float32, new TensorShape(-1, 4)), new TensorSpec("B_OUT", DataType.Float32, new TensorShape(-1, 4))]),
    });

    private static async Task LoadEchoAsync(GrpcTestServer server, DataType type) => await server.Engine.LoadAsync(TestModels.Identity("echo") with
    {
        ConfigurationStamp = type.WireName(),
        DeclaredSignature = new ModelSignature(
            [new TensorSpec("IN", type, new TensorShape(-1))], [new TensorSpec("OUT", type, new TensorShape(-1))]),
    });

    private static byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    private static byte[] StringElements(params string[] elements)
    {
        using var bytes = new MemoryStream();
        var prefix = new byte[4];
        foreach (var element in elements)
        {
            var utf8 = Encoding.UTF8.GetBytes(element);
            BinaryPrimitives.WriteInt32LittleEndian(prefix, utf8.Length);
            bytes.Write(prefix);
            bytes.Write(utf8);
        }

        return bytes.ToArray();
    }
}
