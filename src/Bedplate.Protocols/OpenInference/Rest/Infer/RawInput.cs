using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Bedplate.Tensors;

namespace Bedplate.Protocols.OpenInference.Rest.Infer;

/// <summary>
/// A body that is nothing but the bytes of a model's only input (Triton's binary tensor data extension, raw binary
/// request). The shape is the model's own, with a batch of one, and at most one dimension that follows from the
/// length; a string comes without its length prefix.
/// </summary>
internal static class RawInput
{
    /// <summary>
    /// Whether the model's input can be deduced from a body at all; <paramref name="prefixLength"/> bytes are to be
    /// left in front of it.
    /// </summary>
    public static bool TryCheck(InferExchange exchange, out int prefixLength)
    {
        prefixLength = 0;
        var model = exchange.Model;
        var inputs = model.Signature.Inputs;
        if (inputs.Length != 1)
        {
            return exchange.Fail(ProtocolStatus.Invalid(
                $"Raw request must only have 1 input (found 1) to be deduced but got {inputs.Length} inputs in '{model.Name}' model configuration"));
        }

        var input = inputs[0];
        var shape = BatchOfOne(exchange);
        var variable = shape.Span.Count(-1);
        if (variable > 1 || !input.HasKnownRank)
        {
            return exchange.Fail(ProtocolStatus.Invalid(
                $"The shape of the raw input '{input.Name}' can not be deduced because there are more than one variable-sized dimension"));
        }

        if (input.Type == DataType.Bytes)
        {
            prefixLength = BytesLayout.PrefixSize;
            if (variable == 1 || !shape.TryGetElementCount(out var count) || count != 1)
            {
                return exchange.Fail(ProtocolStatus.Invalid(
                    $"For BYTE datatype raw input '{input.Name}', the model must have input shape [1]"));
            }
        }

        return true;
    }

    /// <summary>Rents the input's memory for a body of known length and makes it the request's input.</summary>
    public static bool TryRent(InferExchange exchange, int prefixLength, long bodyLength, [NotNullWhen(true)] out TensorBuffer? buffer)
    {
        buffer = null;
        if (!TryShape(exchange, prefixLength, bodyLength, out var shape))
        {
            return false;
        }

        buffer = exchange.Request.Memory.TryRent(prefixLength + bodyLength);
        if (buffer is null)
        {
            return exchange.Fail(InferFaults.NoMemory(exchange.Model));
        }

        if (prefixLength > 0)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(buffer.Span, (uint)bodyLength);
        }

        exchange.Request.SetInput(0, new Tensor(exchange.Model.Signature.Inputs[0].Type, shape, buffer, buffer.ByteLength));
        exchange.SendsBinaryByDefault = true;
        return exchange.TrySettleOutputs();
    }

    /// <summary>Makes the body's text, which is all of it, the request's input.</summary>
    public static bool TryTake(InferExchange exchange, int prefixLength)
    {
        var text = exchange.Body.Text;
        if (!TryRent(exchange, prefixLength, text.Length, out var buffer))
        {
            return false;
        }

        text.CopyTo(buffer.Span[prefixLength..]);
        exchange.Body.ReleaseText();
        return true;
    }

    private static bool TryShape(InferExchange exchange, int prefixLength, long bodyLength, out TensorShape shape)
    {
        var input = exchange.Model.Signature.Inputs[0];
        shape = BatchOfOne(exchange);
        if (prefixLength > 0)
        {
            return bodyLength <= uint.MaxValue || exchange.Fail(InferFaults.BinarySize(exchange.Model, input, uint.MaxValue, bodyLength));
        }

        var variable = shape.Span.IndexOf(-1);
        var others = shape;
        if (variable >= 0)
        {
            others[variable] = 1;
        }

        if (!others.TryGetElementCount(out var count) || count > long.MaxValue / sizeof(double))
        {
            return exchange.Fail(InferFaults.ShapeOverflow(input, others));
        }

        var byteLength = count * input.Type.ByteSize();
        if (variable >= 0 && byteLength > 0)
        {
            shape[variable] = bodyLength / byteLength;
            byteLength *= shape[variable];
        }

        return byteLength == bodyLength || exchange.Fail(InferFaults.BinarySize(exchange.Model, input, byteLength, bodyLength));
    }

    private static TensorShape BatchOfOne(InferExchange exchange)
    {
        var shape = exchange.Model.Signature.Inputs[0].Shape;
        if (exchange.Model.Spec.MaxBatchSize > 0 && shape.Rank > 0)
        {
            shape[0] = 1;
        }

        return shape;
    }
}
