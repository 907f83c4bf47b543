using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Bench.GrpcFloor;

/// <summary>What a ModelInferRequest (proto/inference/grpc_service.proto) says of its one input.</summary>
internal ref struct InferRequest
{
    private const int ModelNameField = 1;
    private const int InputsField = 5;
    private const int RawInputContentsField = 7;
    private const int TensorNameField = 1;
    private const int TensorTypeField = 2;
    private const int TensorShapeField = 3;

    /// <summary>The model's name.</summary>
    public ReadOnlySpan<byte> ModelName;

    /// <summary>The input's shape.</summary>
    public TensorShape Shape;

    /// <summary>The input's elements.</summary>
    public ReadOnlySpan<byte> RawContents;

    /// <summary>Reads a request; returns what is wrong with it, or null.</summary>
    public static string? Read(ReadOnlySpan<byte> message, TensorSpec spec, out InferRequest request)
    {
        request = default;
        var reader = new ProtobufReader(message);
        string? fault = null;
        while (fault is null && reader.TryReadTag(out var field))
        {
            switch (field)
            {
                case ModelNameField when reader.IsLengthDelimited:
                    request.ModelName = reader.ReadBytes();
                    break;
                case InputsField when reader.IsLengthDelimited:
                    fault = request.ReadInput(reader.ReadBytes(), spec);
                    break;
                case RawInputContentsField when reader.IsLengthDelimited:
                    request.RawContents = reader.ReadBytes();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return fault ?? (reader.IsMalformed ? "the message is no ModelInferRequest" : request.CheckLength());
    }

    private readonly string? CheckLength() =>
        Shape.TryGetElementCount(out var elements) && elements * sizeof(float) == RawContents.Length
            ? null
            : $"raw_input_contents has {RawContents.Length} bytes, which is not what shape {Shape} says";

    private string? ReadInput(ReadOnlySpan<byte> tensor, TensorSpec spec)
    {
        var reader = new ProtobufReader(tensor);
        while (reader.TryReadTag(out var field))
        {
            switch (field)
            {
                case TensorNameField when reader.IsLengthDelimited:
                    if (!reader.ReadBytes().SequenceEqual(spec.Utf8Name))
                    {
                        return $"this model's input is '{spec.Name}'";
                    }

                    break;
                case TensorTypeField when reader.IsLengthDelimited:
                    if (!reader.ReadBytes().SequenceEqual("FP32"u8))
                    {
                        return "this model's input is FP32";
                    }

                    break;
                case TensorShapeField when reader.IsLengthDelimited:
                    var dimensions = new ProtobufReader(reader.ReadBytes());
                    while (dimensions.HasMore)
                    {
                        if (!Shape.TryAdd((long)dimensions.ReadVarint()))
                        {
                            return $"a shape has at most {TensorShape.MaxRank} dimensions";
                        }
                    }

                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return reader.IsMalformed ? "the message is no ModelInferRequest" : null;
    }
}
