using System.Text;
using Bedplate.Contracts.OpenInference;
using Bedplate.Protocols.OpenInference.Grpc.Infer;

namespace Bedplate.Protocols.OpenInference.Grpc.Streaming;

/// <summary>The message by which a stream tells that one of its requests failed, and goes on.</summary>
internal static class InferErrorMessage
{
    /// <summary>The message; its response names the request, so that the client knows which one failed.</summary>
    public static ModelStreamInferResponse Of(ModelInferRequestDecoder request, in ProtocolStatus status) => new()
    {
        ErrorMessage = status.Message,
        InferResponse = new ModelInferResponse
        {
            ModelName = Encoding.UTF8.GetString(request.ModelName),
            ModelVersion = Encoding.UTF8.GetString(request.ModelVersion),
            Id = Encoding.UTF8.GetString(request.Id),
            Parameters = { ["triton_final_response"] = new InferParameter { BoolParam = true } },
        },
    };
}
