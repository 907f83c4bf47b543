using System.Buffers.Binary;
using Bedplate.Bench.Clients.Grpc;
using Bedplate.Tensors;

namespace Bedplate.Bench.Clients.OpenInference;

/// <summary>
/// Writes ModelInferRequest (grpc_service.proto of the Open Inference Protocol) with raw_input_contents, behind gRPC's
/// length prefix.
/// </summary>
internal sealed class GrpcRequestRenderer(string modelName, string modelVersion)
{
    private const int ModelName = 1;
    private const int ModelVersion = 2;
    private const int Inputs = 5;
    private const int RawInputContents = 7;
    private const int TensorName = 1;
    private const int TensorType = 2;
    private const int TensorDimensions = 3;

    /// <summary>The length-prefixed message.</summary>
    public RenderedRequest Render(IReadOnlyList<NamedTensor> inputs)
    {
        var message = new ProtobufWriter();
        message.String(ModelName, modelName);
        message.String(ModelVersion, modelVersion);
        foreach (var input in inputs)
        {
            var tensor = new ProtobufWriter();
            tensor.String(TensorName, input.Name);
            tensor.String(TensorType, input.Type.WireName());
            tensor.PackedInt64(TensorDimensions, input.Shape.Span);
            message.Bytes(Inputs, tensor.ToArray());
        }

        foreach (var input in inputs)
        {
            message.Bytes(RawInputContents, input.Data);
        }

        return new RenderedRequest(Prefix(message.ToArray()));
    }

    /// <summary>A message behind its flag byte (0: not compressed) and length.</summary>
    public static byte[] Prefix(ReadOnlySpan<byte> message)
    {
        var prefixed = new byte[GrpcStream.PrefixLength + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(prefixed.AsSpan(1), message.Length);
        message.CopyTo(prefixed.AsSpan(GrpcStream.PrefixLength));
        return prefixed;
    }
}
