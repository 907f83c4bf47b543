using System.Buffers;
using Bedplate.Inference.Backends;
using Bedplate.Inference.Models;
using Bedplate.Inference.Onnx.Interop;
using Bedplate.Inference.Onnx.Signatures;
using Bedplate.Tensors;

namespace Bedplate.Inference.Onnx.Values;

/// <summary>
/// Makes the outputs of an execution from the values a run left. Numbers stay where the runtime put them; strings,
/// sequences and maps are laid out anew in memory of the pool (docs/reference/onnx-outputs.md).
/// </summary>
internal sealed unsafe class OutputDelivery(
    OrtEnvironment environment, ModelSignature signature, OutputBufferPool buffers, TensorMemoryPool memory)
{
    private readonly OrtApi _api = environment.Api;

    /// <summary>
    /// Sets the outputs made from one value of the runtime. A value that is handed on is taken: null is left in its
    /// place, and otherwise it stays the caller's.
    /// </summary>
    public BackendOutcome Deliver(CallExecution execution, OutputBinding binding, ref OrtValue* value)
    {
        if (binding.Form != OutputForm.Tensor)
        {
            return DeliverComposite(execution, binding, value);
        }

        var outcome = ReadShape(binding, value, out var type, out var shape, out var count);
        if (!outcome.IsSuccess)
        {
            return outcome;
        }

        if (type == DataType.Bytes)
        {
            return Gather(binding, [(nint)value], new Rows(type, shape, count), out execution.Outputs[binding.ValuesIndex]);
        }

        void* data;
        var status = _api.GetTensorMutableData(value, &data);
        if (status is not null)
        {
            return Failure(status);
        }

        var byteLength = count * type.ByteSize();
        var buffer = buffers.Take();
        buffer.Hold(value, data, byteLength, InputAt(execution, (byte*)data, byteLength));
        value = null;
        execution.Outputs[binding.ValuesIndex] = new Tensor(type, shape, buffer, byteLength);
        return BackendOutcome.Success;
    }

    // A graph may name an input as its output; the runtime then hands the input's own memory back.
    private static TensorBuffer? InputAt(CallExecution execution, byte* data, long byteLength)
    {
        if (byteLength == 0)
        {
            return null;
        }

        foreach (ref readonly var input in execution.Inputs.AsSpan())
        {
            if (data >= input.Pointer && data < input.Pointer + input.ByteLength)
            {
                return input.Buffer;
            }
        }

        return null;
    }

    private BackendOutcome DeliverComposite(CallExecution execution, OutputBinding binding, OrtValue* value)
    {
        var rowCount = 1;
        if (binding.Form != OutputForm.Map)
        {
            nuint elements;
            var status = _api.GetValueCount(value, &elements);
            if (status is not null)
            {
                return Failure(status);
            }

            rowCount = checked((int)elements);
        }

        // Values of the rows, then keys of the rows; zero where not (yet) taken out.
        var parts = ArrayPool<nint>.Shared.Rent(Math.Max(1, 2 * rowCount));
        var taken = parts.AsSpan(0, 2 * rowCount);
        taken.Clear();
        try
        {
            var outcome = TakeParts(binding, value, taken[..rowCount], taken[rowCount..]);
            if (outcome.IsSuccess && binding.ValuesIndex >= 0 && execution.OutputRequested[binding.ValuesIndex])
            {
                outcome = Stack(binding, taken[..rowCount], execution, binding.ValuesIndex);
            }

            if (outcome.IsSuccess && binding.KeysIndex >= 0 && execution.OutputRequested[binding.KeysIndex])
            {
                outcome = Stack(binding, taken[rowCount..], execution, binding.KeysIndex);
            }

            return outcome;
        }
        finally
        {
            foreach (var part in taken)
            {
                if (part != 0)
                {
                    _api.ReleaseValue((OrtValue*)part);
                }
            }

            ArrayPool<nint>.Shared.Return(parts);
        }
    }

    private BackendOutcome TakeParts(OutputBinding binding, OrtValue* value, Span<nint> values, Span<nint> keys)
    {
        for (var row = 0; row < values.Length; row++)
        {
            OrtStatus* status;
            if (binding.Form == OutputForm.Map)
            {
                status = TakeMap(value, out values[row], out keys[row]);
            }
            else if (binding.Form == OutputForm.TensorSequence)
            {
                status = TakeElement(value, row, out values[row]);
            }
            else
            {
                status = TakeElement(value, row, out var map);
                if (status is null)
                {
                    status = TakeMap((OrtValue*)map, out values[row], out keys[row]);
                    _api.ReleaseValue((OrtValue*)map);
                }
            }

            if (status is not null)
            {
                return Failure(status);
            }
        }

        return BackendOutcome.Success;
    }

    // The runtime counts a map as two elements: its keys and its values.
    private OrtStatus* TakeMap(OrtValue* map, out nint values, out nint keys)
    {
        values = 0;
        var status = TakeElement(map, 0, out keys);
        return status is null ? TakeElement(map, 1, out values) : status;
    }

    private OrtStatus* TakeElement(OrtValue* value, int index, out nint element)
    {
        OrtValue* taken = null;
        var status = _api.GetValue(value, index, environment.DefaultAllocator, &taken);
        element = (nint)taken;
        return status;
    }

    private BackendOutcome Stack(OutputBinding binding, ReadOnlySpan<nint> rows, CallExecution execution, int outputIndex)
    {
        var spec = signature.Outputs[outputIndex];
        if (rows.IsEmpty)
        {
            return DeliverEmpty(binding, spec.Type, spec.Shape, out execution.Outputs[outputIndex]);
        }

        var outcome = ReadShape(binding, (OrtValue*)rows[0], out var type, out var shape, out var count);
        for (var row = 1; row < rows.Length && outcome.IsSuccess; row++)
        {
            outcome = ReadShape(binding, (OrtValue*)rows[row], out var rowType, out var rowShape, out _);
            if (outcome.IsSuccess && (rowType != type || rowShape != shape))
            {
                outcome = BackendOutcome.Failure(
                    $"Elements 0 and {row} of output '{binding.Name}' have the shapes {shape} and {rowShape}, so they do not make one tensor."
                    + " Let the model pad or join them (ConcatFromSequence) itself.");
            }
        }

        if (!outcome.IsSuccess)
        {
            return outcome;
        }

        var stacked = shape;
        if (binding.Form != OutputForm.Map)
        {
            stacked = new TensorShape(rows.Length);
            foreach (var dimension in shape.Span)
            {
                if (!stacked.TryAdd(dimension))
                {
                    return TooManyDimensions(binding, shape.Rank + 1);
                }
            }
        }

        return Gather(binding, rows, new Rows(type, stacked, count), out execution.Outputs[outputIndex]);
    }

    private BackendOutcome DeliverEmpty(OutputBinding binding, DataType type, TensorShape shape, out Tensor tensor)
    {
        for (var i = 0; i < shape.Rank; i++)
        {
            shape[i] = Math.Max(0, shape[i]);
        }

        return Gather(binding, [], new Rows(type, shape, 0), out tensor);
    }

    /// <summary>Copies values of one type and shape, one after the other, into one tensor.</summary>
    private BackendOutcome Gather(OutputBinding binding, ReadOnlySpan<nint> values, in Rows rows, out Tensor tensor)
    {
        tensor = default;
        var textLength = 0L;
        if (rows.Type == DataType.Bytes)
        {
            foreach (var value in values)
            {
                nuint length;
                var status = _api.GetStringTensorDataLength((OrtValue*)value, &length);
                if (status is not null)
                {
                    return Failure(status);
                }

                textLength += (long)length;
            }
        }

        var elements = rows.CountPerValue * values.Length;
        var byteLength = rows.Type == DataType.Bytes
            ? textLength + StringTensors.RoomFor(elements)
            : elements * rows.Type.ByteSize();
        var buffer = memory.TryRent(byteLength);
        if (buffer is null)
        {
            return BackendOutcome.Failure(
                $"The tensor memory limit leaves no room for output '{binding.Name}' ({ByteSize.Format(byteLength)}).");
        }

        var written = 0L;
        foreach (var value in values)
        {
            var status = Copy((OrtValue*)value, rows, buffer.Pointer + written, out var length);
            if (status is not null)
            {
                buffer.Release();
                return Failure(status);
            }

            written += length;
        }

        tensor = new Tensor(rows.Type, rows.Shape, buffer, written);
        return BackendOutcome.Success;
    }

    private OrtStatus* Copy(OrtValue* value, in Rows rows, byte* destination, out long byteLength)
    {
        if (rows.Type == DataType.Bytes)
        {
            nuint textLength;
            byteLength = 0;
            var lengthStatus = _api.GetStringTensorDataLength(value, &textLength);
            return lengthStatus is null
                ? StringTensors.Write(_api, value, rows.CountPerValue, (long)textLength, destination, out byteLength)
                : lengthStatus;
        }

        byteLength = rows.CountPerValue * rows.Type.ByteSize();
        void* data;
        var status = _api.GetTensorMutableData(value, &data);
        if (status is null)
        {
            Buffer.MemoryCopy(data, destination, byteLength, byteLength);
        }

        return status;
    }

    private BackendOutcome ReadShape(OutputBinding binding, OrtValue* value, out DataType type, out TensorShape shape, out long count)
    {
        count = 0;
        var status = ValueShape.Read(_api, value, out type, out shape, out var rank);
        if (status is not null)
        {
            return Failure(status);
        }

        if (rank > TensorShape.MaxRank)
        {
            return TooManyDimensions(binding, rank);
        }

        // The runtime holds these elements, so their number fits; only the type can be one we have no name for.
        return shape.TryGetElementCount(out count) && type != DataType.Invalid
            ? BackendOutcome.Success
            : BackendOutcome.Failure($"Output '{binding.Name}' came back with a type or shape the protocol does not have.");
    }

    private static BackendOutcome TooManyDimensions(OutputBinding binding, int rank) => BackendOutcome.Failure(
        $"Output '{binding.Name}' has {rank} dimensions; a tensor has at most {TensorShape.MaxRank}.");

    private BackendOutcome Failure(OrtStatus* status) => BackendOutcome.Failure(_api.Take(status).Message);

    /// <summary>What the values being gathered have in common.</summary>
    /// <param name="Type">Their element type.</param>
    /// <param name="Shape">The shape of the tensor they make.</param>
    /// <param name="CountPerValue">Elements of each.</param>
    private readonly record struct Rows(DataType Type, TensorShape Shape, long CountPerValue);
}
