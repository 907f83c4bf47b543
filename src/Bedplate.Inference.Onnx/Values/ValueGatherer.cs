using Bedplate.Inference.Backends;
using Bedplate.Inference.Onnx.Interop;
using Bedplate.Tensors;

namespace Bedplate.Inference.Onnx.Values;

/// <summary>Copies values of one type and shape, one after the other, into one tensor of pool memory.</summary>
internal sealed unsafe class ValueGatherer(OrtApi api, TensorMemoryPool memory)
{
    /// <summary>Reads a tensor's type, shape and number of elements, and refuses what the protocol cannot carry.</summary>
    public BackendOutcome ReadShape(string output, OrtValue* value, out DataType type, out TensorShape shape, out long count)
    {
        count = 0;
        var status = ValueShape.Read(api, value, out type, out shape, out var rank);
        if (status is not null)
        {
            return Failure(status);
        }

        if (rank > TensorShape.MaxRank)
        {
            return TooManyDimensions(output, rank);
        }

        // The runtime holds these elements, so their number fits; only the type can be one we have no name for.
        return shape.TryGetElementCount(out count) && type != DataType.Invalid
            ? BackendOutcome.Success
            : BackendOutcome.Failure($"Output '{output}' came back with a type or shape the protocol does not have.");
    }

    /// <param name="output">The output's name; for messages.</param>
    /// <param name="values">Addresses of the values (OrtValue*).</param>
    /// <param name="type">The type of each.</param>
    /// <param name="countPerValue">The elements of each.</param>
    /// <param name="shape">The shape of the tensor they make.</param>
    /// <param name="tensor">The tensor, with one reference on its buffer.</param>
    public BackendOutcome Gather(
        string output, ReadOnlySpan<nint> values, DataType type, long countPerValue, in TensorShape shape, out Tensor tensor)
    {
        tensor = default;
        var count = countPerValue * values.Length;
        var byteLength = count * type.ByteSize();
        if (type == DataType.Bytes)
        {
            var status = MeasureText(values, out var textLength);
            if (status is not null)
            {
                return Failure(status);
            }

            byteLength = textLength + StringTensors.RoomFor(count);
        }

        var buffer = memory.TryRent(byteLength);
        if (buffer is null)
        {
            return BackendOutcome.Failure(
                $"The tensor memory limit leaves no room for output '{output}' ({ByteSize.Format(byteLength)}).");
        }

        var written = 0L;
        foreach (var value in values)
        {
            var status = type == DataType.Bytes
                ? CopyText((OrtValue*)value, countPerValue, buffer.Pointer + written, out var length)
                : CopyNumbers((OrtValue*)value, length = countPerValue * type.ByteSize(), buffer.Pointer + written);
            if (status is not null)
            {
                buffer.Release();
                return Failure(status);
            }

            written += length;
        }

        tensor = new Tensor(type, shape, buffer, written);
        return BackendOutcome.Success;
    }

    public static BackendOutcome TooManyDimensions(string output, int rank) => BackendOutcome.Failure(
        $"Output '{output}' has {rank} dimensions; a tensor has at most {TensorShape.MaxRank}.");

    /// <summary>The outcome a status stands for; the status is released.</summary>
    public BackendOutcome Failure(OrtStatus* status) => BackendOutcome.Failure(api.Take(status).Message);

    private OrtStatus* MeasureText(ReadOnlySpan<nint> values, out long textLength)
    {
        textLength = 0;
        foreach (var value in values)
        {
            nuint length;
            var status = api.GetStringTensorDataLength((OrtValue*)value, &length);
            if (status is not null)
            {
                return status;
            }

            textLength += (long)length;
        }

        return null;
    }

    private OrtStatus* CopyText(OrtValue* value, long count, byte* destination, out long byteLength)
    {
        nuint textLength;
        byteLength = 0;
        var status = api.GetStringTensorDataLength(value, &textLength);
        return status is null
            ? StringTensors.Write(api, value, count, (long)textLength, destination, out byteLength)
            : status;
    }

    private OrtStatus* CopyNumbers(OrtValue* value, long byteLength, byte* destination)
    {
        void* data;
        var status = api.GetTensorMutableData(value, &data);
        if (status is null)
        {
            Buffer.MemoryCopy(data, destination, byteLength, byteLength);
        }

        return status;
    }
}
