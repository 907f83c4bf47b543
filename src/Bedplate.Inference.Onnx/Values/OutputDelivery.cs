using Bedplate.Inference.Backends;
using Bedplate.Inference.Models;
using Bedplate.Inference.Onnx.Interop;
using Bedplate.Inference.Onnx.Signatures;
using Bedplate.Tensors;

namespace Bedplate.Inference.Onnx.Values;

/// <summary>
/// Makes the outputs of an execution from the values a run left. Numbers stay where the runtime put them; strings,
/// sequences and maps are laid out anew in memory of the pool.
/// </summary>
internal sealed unsafe class OutputDelivery
{
    private readonly OrtApi _api;
    private readonly OutputBufferPool _buffers;
    private readonly ValueGatherer _gatherer;
    private readonly CompositeOutputs _composites;

    public OutputDelivery(
        OrtEnvironment environment, ModelSignature signature, OutputBufferPool buffers, TensorMemoryPool memory)
    {
        _api = environment.Api;
        _buffers = buffers;
        _gatherer = new ValueGatherer(_api, memory);
        _composites = new CompositeOutputs(environment, signature, _gatherer);
    }

    /// <summary>
    /// Sets the outputs made from one value of the runtime. A value that is handed on is taken: null is left in its
    /// place; otherwise it stays the caller's.
    /// </summary>
    public BackendOutcome Deliver(CallExecution execution, OutputBinding binding, ref OrtValue* value)
    {
        if (binding.Form != OutputForm.Tensor)
        {
            return _composites.Deliver(execution, binding, value);
        }

        var outcome = _gatherer.ReadShape(binding.Name, value, out var type, out var shape, out var count);
        if (!outcome.IsSuccess)
        {
            return outcome;
        }

        ref var tensor = ref execution.Outputs[binding.ValuesIndex];
        if (type == DataType.Bytes)
        {
            return _gatherer.Gather(binding.Name, [(nint)value], type, count, shape, out tensor);
        }

        void* data;
        var status = _api.GetTensorMutableData(value, &data);
        if (status is not null)
        {
            return _gatherer.Failure(status);
        }

        var byteLength = count * type.ByteSize();
        var buffer = _buffers.Take();
        buffer.Hold(value, data, byteLength, InputAt(execution, (byte*)data, byteLength));
        value = null;
        tensor = new Tensor(type, shape, buffer, byteLength);
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
}
