using System.Runtime.InteropServices;
using Bedplate.Contracts.OpenInference;
using Google.Protobuf;

namespace Bedplate.Tests.Unit.Protocols.Grpc;

/// <summary>Requests for the models of the tests.</summary>
internal static class InferMessages
{
    /// <summary>A raw FP32 request of rows of four numbers for input IN.</summary>
    public static ModelInferRequest Raw(string model, params float[] numbers) => Raw(model, "FP32", [numbers.Length / 4, 4], MemoryMarshal.AsBytes<float>(numbers));

    /// <summary>A raw request for input IN.</summary>
    public static ModelInferRequest Raw(string model, string datatype, long[] shape, ReadOnlySpan<byte> data) => new()
    {
        ModelName = model,
        Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "IN", Datatype = datatype, Shape = { shape } } },
        RawInputContents = { ByteString.CopyFrom(data) },
    };

    /// <summary>A typed request for input IN.</summary>
    public static ModelInferRequest Typed(string model, string datatype, long[] shape, InferTensorContents contents) => new()
    {
        ModelName = model,
        Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "IN", Datatype = datatype, Shape = { shape }, Contents = contents } },
    };

    /// <summary>A request of a model that counts: so many numbers, from 0.</summary>
    public static ModelInferRequest Count(string model, int count) => new()
    {
        ModelName = model,
        Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "RANGE", Datatype = "INT32", Shape = { 2 }, Contents = new InferTensorContents { IntContents = { 0, count } } } },
    };

    /// <summary>Asks for the highest classes of an output.</summary>
    public static ModelInferRequest.Types.InferRequestedOutputTensor Classes(string output, long count) => new()
    {
        Name = output,
        Parameters = { ["classification"] = new InferParameter { Int64Param = count } },
    };

    /// <summary>The numbers of a response's first output.</summary>
    public static float[] Numbers(ModelInferResponse response) => MemoryMarshal.Cast<byte, float>(response.RawOutputContents[0].Span).ToArray();
}
