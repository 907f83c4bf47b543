using System.Buffers.Binary;
using System.Text;
using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Protocols.OpenInference.Grpc.Infer;

/// <summary>Whether an input is what its model takes: datatype, shape, and as many bytes or elements as the shape says.</summary>
internal static class InferInputCheck
{
    /// <summary>Whether datatype and shape are the model's.</summary>
    public static ProtocolStatus CheckType(ModelInferRequestDecoder decoded, in DecodedInput input, TensorSpec spec, ServedModel model)
    {
        if (input.Datatype != spec.Type)
        {
            return ProtocolStatus.Invalid(
                $"inference input '{spec.Name}' data-type is '{Encoding.UTF8.GetString(decoded.Text(input.DatatypeName))}', "
                + $"but model '{model.Name}' expects '{spec.Type.WireName()}'");
        }

        if (input.Rank > TensorShape.MaxRank)
        {
            return ProtocolStatus.Invalid(
                $"unexpected shape for input '{spec.Name}' for model '{model.Name}': it has {input.Rank} dimensions, "
                + $"and {TensorShape.MaxRank} are the most that a tensor can have");
        }

        foreach (var dimension in input.Shape.Span)
        {
            if (dimension == -1)
            {
                return ProtocolStatus.Invalid(
                    $"All input dimensions should be specified for input '{spec.Name}' for model '{model.Name}', got {input.Shape}");
            }

            if (dimension < 0)
            {
                return ProtocolStatus.Invalid($"tensor '{spec.Name}' contains an invalid dimension {input.Shape}");
            }
        }

        return spec.Accepts(input.Shape) ? ProtocolStatus.Ok : UnexpectedShape(input.Shape, spec, model);
    }

    /// <summary>Whether the data has the size that the shape says.</summary>
    public static ProtocolStatus CheckData(in Tensor tensor, TensorSpec spec, ServedModel model)
    {
        if (!tensor.Shape.TryGetElementCount(out var count) || count > long.MaxValue / Math.Max(sizeof(uint), tensor.Type.ByteSize()))
        {
            return ProtocolStatus.Invalid($"byte size for tensor '{spec.Name}' exceeds maximum size of {long.MaxValue}");
        }

        if (tensor.Type == DataType.Bytes)
        {
            return CheckElements(tensor, count, spec, model);
        }

        var expected = count * tensor.Type.ByteSize();
        return expected == tensor.ByteLength
            ? ProtocolStatus.Ok
            : ProtocolStatus.Invalid(
                $"input byte size mismatch for input '{spec.Name}' for model '{model.Name}'. Expected {expected}, got {tensor.ByteLength}");
    }

    private static ProtocolStatus UnexpectedShape(in TensorShape shape, TensorSpec spec, ServedModel model)
    {
        var batchNote = model.Spec.MaxBatchSize > 0
            ? " The first dimension is the batch, as the model's max_batch_size is not zero."
            : "";
        return ProtocolStatus.Invalid(
            $"unexpected shape for input '{spec.Name}' for model '{model.Name}'. Expected {spec.Shape}, got {shape}.{batchNote}");
    }

    private static ProtocolStatus CheckElements(in Tensor tensor, long count, TensorSpec spec, ServedModel model)
    {
        var remaining = tensor.Bytes;
        var found = 0L;
        while (!remaining.IsEmpty)
        {
            if (!BytesLayout.TryReadElement(ref remaining, out _))
            {
                return BrokenElement(remaining, spec, model);
            }

            found++;
        }

        if (found == count)
        {
            return ProtocolStatus.Ok;
        }

        return ProtocolStatus.Invalid(
            found > count
                ? $"unexpected number of string elements {found} for inference input '{spec.Name}' for model '{model.Name}', expecting {count}"
                : $"expected {count} string elements for inference input '{spec.Name}' for model '{model.Name}', got {found}");
    }

    private static ProtocolStatus BrokenElement(ReadOnlySpan<byte> remaining, TensorSpec spec, ServedModel model)
    {
        if (remaining.Length < BytesLayout.PrefixSize)
        {
            return ProtocolStatus.Invalid(
                $"incomplete string length indicator for inference input '{spec.Name}' for model '{model.Name}', "
                + $"expecting {BytesLayout.PrefixSize} bytes but only {remaining.Length} bytes available.");
        }

        return ProtocolStatus.Invalid(
            $"incomplete string data for inference input '{spec.Name}' for model '{model.Name}', "
            + $"expecting string of length {BinaryPrimitives.ReadUInt32LittleEndian(remaining)} but only "
            + $"{remaining.Length - BytesLayout.PrefixSize} bytes available.");
    }
}
