using Bedplate.Contracts.OpenInference;
using Bedplate.Inference;
using Bedplate.Protocols;
using Bedplate.Protocols.OpenInference.Grpc.Infer;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Memory;
using Google.Protobuf;

namespace Bedplate.Tests.Unit.Protocols.Grpc;

public class ParameterTests
{
    [Fact]
    public async Task Parameters_reach_the_engine_and_the_backend()
    {
        var message = InferMessages.Raw("echo", 1, 2, 3, 4);
        message.Parameters["priority"] = new InferParameter { Uint64Param = 3 };
        message.Parameters["timeout"] = new InferParameter { Int64Param = 1500 };
        message.Parameters["sequence_id"] = new InferParameter { Int64Param = 0 };
        message.Parameters["sequence_start"] = new InferParameter { BoolParam = false };
        message.Parameters["triton_enable_empty_final_response"] = new InferParameter { BoolParam = true };
        message.Parameters["text"] = new InferParameter { StringParam = "größe" };
        message.Parameters["flag"] = new InferParameter { BoolParam = true };
        message.Parameters["whole"] = new InferParameter { Int64Param = long.MinValue };
        message.Parameters["part"] = new InferParameter { DoubleParam = 0.5 };
        await BindAsync(message, (status, request, wantsEmptyFinal) =>
        {
            Assert.True(status.IsOk, status.Message);
            Assert.Equal(3ul, request.Priority);
            Assert.Equal(TimeSpan.FromMicroseconds(1500), request.QueueTimeout);
            Assert.True(wantsEmptyFinal);
            var expected = new Dictionary<string, ParameterValue>
            {
                ["text"] = new("größe"),
                ["flag"] = new(true),
                ["whole"] = new(long.MinValue),
                ["part"] = new(0.5),
            };
            Assert.Equal(expected, request.Parameters!.ToDictionary());
        });
    }

    [Fact]
    public async Task A_request_without_parameters_carries_none() =>
        await BindAsync(InferMessages.Raw("echo", 1, 2, 3, 4), (status, request, wantsEmptyFinal) =>
        {
            Assert.True(status.IsOk, status.Message);
            Assert.Null(request.Parameters);
            Assert.Equal(TimeSpan.Zero, request.QueueTimeout);
            Assert.False(wantsEmptyFinal);
        });

    [Fact]
    public async Task A_timeout_beyond_all_time_is_none()
    {
        var message = InferMessages.Raw("echo", 1, 2, 3, 4);
        message.Parameters["timeout"] = new InferParameter { Int64Param = long.MaxValue };
        await BindAsync(message, (status, request, _) => Assert.Equal(TimeSpan.Zero, request.QueueTimeout));
    }

    private static async Task BindAsync(ModelInferRequest message, Action<ProtocolStatus, InferenceRequest, bool> check)
    {
        await using var test = new TestEngine();
        var model = await test.LoadAsync(TestModels.Identity("echo"));
        var memory = new DiagnosticMemoryPool();
        var decoder = new ModelInferRequestDecoder();
        decoder.Start(memory, 1 << 20, message.CalculateSize());
        Assert.Equal(DecodeProgress.Complete, decoder.Decode(new(message.ToByteArray()), isWhole: true, out _));
        using (var request = model.TryRent()!)
        {
            var status = InferRequestBinder.Bind(decoder, request, out var wantsEmptyFinal);
            check(status, request, wantsEmptyFinal);
        }

        decoder.Reset();
        memory.Verify();
    }
}
