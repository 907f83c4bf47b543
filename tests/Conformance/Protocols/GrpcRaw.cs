using System.Text;
using Bedplate.Contracts.OpenInference;
using Bedplate.Protocols;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Grpc;
using Google.Protobuf;

namespace Bedplate.Tests.Conformance.Protocols;

/// <summary>gRPC with every tensor in raw_input_contents and raw_output_contents.</summary>
internal sealed class GrpcRaw(GrpcTestClient grpc) : IInferenceProtocol
{
    public override string ToString() => "gRPC";

    public async Task<InferAnswer> InferAsync(string model, IReadOnlyList<TensorValue> inputs, CancellationToken cancellationToken)
    {
        var result = await grpc.CallAsync("ModelInfer", Compose(model, inputs)).WaitAsync(cancellationToken);
        return result.Status == GrpcCode.Ok
            ? InferAnswer.Of(ReadOutputs(result.Single<ModelInferResponse>()))
            : InferAnswer.Failed($"{result.Status} {result.Message}");
    }

    private static ModelInferRequest Compose(string model, IReadOnlyList<TensorValue> inputs)
    {
        var slash = model.IndexOf('/', StringComparison.Ordinal);
        var request = slash < 0
            ? new ModelInferRequest { ModelName = model }
            : new ModelInferRequest { ModelName = model[..slash], ModelVersion = model[(slash + 1)..] };
        foreach (var input in inputs)
        {
            request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor
            {
                Name = input.Name,
                Datatype = input.Type.WireName(),
                Shape = { input.Shape },
            });
            request.RawInputContents.Add(ByteString.CopyFrom(input.Bytes));
        }

        return request;
    }

    private static List<TensorValue> ReadOutputs(ModelInferResponse response) => response.Outputs.Count == response.RawOutputContents.Count
        ? [.. response.Outputs.Zip(response.RawOutputContents, ReadOutput)]
        : throw new InvalidDataException($"{response.Outputs.Count} outputs and {response.RawOutputContents.Count} contents");

    private static TensorValue ReadOutput(ModelInferResponse.Types.InferOutputTensor output, ByteString content) =>
        DataTypes.TryParse(Encoding.UTF8.GetBytes(output.Datatype), out var type)
            ? new TensorValue(output.Name, type, [.. output.Shape], content.ToByteArray())
            : throw new InvalidDataException($"'{output.Datatype}' is no type of the protocol.");
}
