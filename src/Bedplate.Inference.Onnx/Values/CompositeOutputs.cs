using System.Buffers;
using Bedplate.Inference.Backends;
using Bedplate.Inference.Models;
using Bedplate.Inference.Onnx.Interop;
using Bedplate.Inference.Onnx.Signatures;
using Bedplate.Tensors;

namespace Bedplate.Inference.Onnx.Values;

/// <summary>Makes tensors of sequences and maps (docs/reference/onnx-outputs.md).</summary>
internal sealed unsafe class CompositeOutputs(OrtEnvironment environment, ModelSignature signature, ValueGatherer gatherer)
{
    // A map counts as two elements to the runtime.
    private const int MapKeys = 0;
    private const int MapValues = 1;

    private readonly OrtApi _api = environment.Api;

    /// <summary>Sets those outputs made from <paramref name="value"/> that were asked for.</summary>
    public BackendOutcome Deliver(CallExecution execution, OutputBinding binding, OrtValue* value)
    {
        var rowCount = 1;
        if (binding.Form != OutputForm.Map)
        {
            nuint elements;
            var status = _api.GetValueCount(value, &elements);
            if (status is not null)
            {
                return gatherer.Failure(status);
            }

            rowCount = checked((int)elements);
        }

        // Values of the rows, then keys of the rows; zero where not (yet) taken out.
        var rented = ArrayPool<nint>.Shared.Rent(2 * rowCount);
        var parts = rented.AsSpan(0, 2 * rowCount);
        parts.Clear();
        try
        {
            return Deliver(execution, binding, value, values: parts[..rowCount], keys: parts[rowCount..]);
        }
        finally
        {
            foreach (var part in parts)
            {
                if (part != 0)
                {
                    _api.ReleaseValue((OrtValue*)part);
                }
            }

            ArrayPool<nint>.Shared.Return(rented);
        }
    }

    private BackendOutcome Deliver(
        CallExecution execution, OutputBinding binding, OrtValue* value, Span<nint> values, Span<nint> keys)
    {
        var wantsValues = binding.ValuesIndex >= 0 && execution.OutputRequested[binding.ValuesIndex];
        var wantsKeys = binding.KeysIndex >= 0 && execution.OutputRequested[binding.KeysIndex];
        for (var row = 0; row < values.Length; row++)
        {
            var status = TakeRow(binding.Form, value, row, wantsValues, ref values[row], wantsKeys, ref keys[row]);
            if (status is not null)
            {
                return gatherer.Failure(status);
            }
        }

        var outcome = wantsValues ? Stack(execution, binding, values, binding.ValuesIndex) : BackendOutcome.Success;
        return outcome.IsSuccess && wantsKeys ? Stack(execution, binding, keys, binding.KeysIndex) : outcome;
    }

    private OrtStatus* TakeRow(
        OutputForm form, OrtValue* value, int row, bool wantsValues, ref nint values, bool wantsKeys, ref nint keys)
    {
        switch (form)
        {
            case OutputForm.TensorSequence:
                return TakeElement(value, row, ref values);

            case OutputForm.Map:
                return TakeMap(value, wantsValues, ref values, wantsKeys, ref keys);

            default:
                nint map = 0;
                var status = TakeElement(value, row, ref map);
                if (status is null)
                {
                    status = TakeMap((OrtValue*)map, wantsValues, ref values, wantsKeys, ref keys);
                    _api.ReleaseValue((OrtValue*)map);
                }

                return status;
        }
    }

    private OrtStatus* TakeMap(OrtValue* map, bool wantsValues, ref nint values, bool wantsKeys, ref nint keys)
    {
        var status = wantsValues ? TakeElement(map, MapValues, ref values) : null;
        return status is null && wantsKeys ? TakeElement(map, MapKeys, ref keys) : status;
    }

    private OrtStatus* TakeElement(OrtValue* value, int index, ref nint element)
    {
        OrtValue* taken = null;
        var status = _api.GetValue(value, index, environment.DefaultAllocator, &taken);
        element = (nint)taken;
        return status;
    }

    /// <summary>Makes one tensor of rows that must be alike.</summary>
    private BackendOutcome Stack(CallExecution execution, OutputBinding binding, ReadOnlySpan<nint> rows, int outputIndex)
    {
        ref var tensor = ref execution.Outputs[outputIndex];
        if (rows.IsEmpty)
        {
            var spec = signature.Outputs[outputIndex];
            return gatherer.Gather(binding.Name, rows, spec.Type, countPerValue: 0, EmptyShape(spec.Shape), out tensor);
        }

        var outcome = gatherer.ReadShape(binding.Name, (OrtValue*)rows[0], out var type, out var shape, out var count);
        for (var row = 1; row < rows.Length && outcome.IsSuccess; row++)
        {
            outcome = gatherer.ReadShape(binding.Name, (OrtValue*)rows[row], out var rowType, out var rowShape, out _);
            if (outcome.IsSuccess && (rowType != type || rowShape != shape))
            {
                outcome = BackendOutcome.Failure(
                    $"Elements 0 and {row} of output '{binding.Name}' have the shapes {shape} and {rowShape}, so they do"
                    + " not make one tensor. Let the model pad or join them (ConcatFromSequence) itself.");
            }
        }

        if (!outcome.IsSuccess)
        {
            return outcome;
        }

        if (binding.Form == OutputForm.Map)
        {
            return gatherer.Gather(binding.Name, rows, type, count, shape, out tensor);
        }

        var stacked = new TensorShape(rows.Length);
        foreach (var dimension in shape.Span)
        {
            if (!stacked.TryAdd(dimension))
            {
                return ValueGatherer.TooManyDimensions(binding.Name, shape.Rank + 1);
            }
        }

        return gatherer.Gather(binding.Name, rows, type, count, stacked, out tensor);
    }

    // The first dimension of a sequence varies, so this is zero there whatever the others are.
    private static TensorShape EmptyShape(TensorShape shape)
    {
        for (var i = 0; i < shape.Rank; i++)
        {
            shape[i] = Math.Max(0, shape[i]);
        }

        return shape;
    }
}
