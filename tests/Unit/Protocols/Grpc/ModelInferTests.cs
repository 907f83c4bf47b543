using System.Runtime.InteropServices;
using Bedplate.Contracts.OpenInference;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Grpc;
using Google.Protobuf;

namespace Bedplate.Tests.Unit.Protocols.Grpc;

public class ModelInferTests
{
    [Fact]
    public async Task A_raw_request_is_answered()
    {
        await using var server = await GrpcTestServer.StartAsync();
        await server.Engine.LoadAsync(TestModels.Identity("echo"));
        var request = new ModelInferRequest { ModelName = "echo", Id = "7" };
        request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = "IN", Datatype = "FP32", Shape = { 1, 4 } });
        request.RawInputContents.Add(ByteString.CopyFrom(MemoryMarshal.AsBytes<float>([1, 2, 3, 4])));
        for (var i = 0; i < 10; i++)
        {
            var response = await server.Client.InvokeAsync<ModelInferResponse>("ModelInfer", request);
            Assert.Equal("7", response.Id);
            Assert.Equal(request.RawInputContents[0], response.RawOutputContents[0]);
        }
    }
}
