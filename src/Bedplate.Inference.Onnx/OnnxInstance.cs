using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Bedplate.Inference.Backends;
using Bedplate.Inference.Onnx.Interop;
using Bedplate.Inference.Onnx.Values;
using Bedplate.Tensors;

namespace Bedplate.Inference.Onnx;

/// <summary>
/// A concurrency slot over a model's session. The arrays a run hands to the runtime are made once and reused; a run at
/// steady state allocates nothing on the managed heap (string, sequence and map outputs take memory from the pool).
/// </summary>
internal sealed unsafe class OnnxInstance : ICallInstance
{
    private readonly OnnxModel _model;
    private readonly OrtApi _api;
    private readonly OrtEnvironment _environment;
    private readonly OutputDelivery _delivery;

    // Pinned for the object's life: addresses of names and values as the runtime takes them.
    private readonly nint[] _inputNames;
    private readonly nint[] _inputs;
    private readonly nint[] _outputNames;
    private readonly nint[] _outputs;
    private readonly int[] _outputBindings;

    // Guards the fields below. Terminate touches the run options only while _isRunning is set for its id, and the
    // run's end clears that under the same lock; so those of a finished run, or of the next, are never touched. A
    // termination for another id may be for the run about to begin, between the engine's dispatch and Run: it is kept
    // until the next run begins, and then either is for that run or is for one that was over.
    private readonly Lock _runLock = new();
    private OrtHandle<OrtRunOptions> _runOptions;
    private long _runId;
    private bool _isRunning;
    private bool _isTerminated;
    private long? _earlyTermination;

    public OnnxInstance(OnnxModel model)
    {
        _model = model;
        _environment = model.Environment;
        _api = model.Environment.Api;
        _delivery = model.Delivery;
        var inputCount = model.Layout.InputNames.Length;
        var outputCount = model.Layout.Outputs.Length;
        _inputNames = GC.AllocateArray<nint>(inputCount, pinned: true);
        _inputs = GC.AllocateArray<nint>(inputCount, pinned: true);
        _outputNames = GC.AllocateArray<nint>(outputCount, pinned: true);
        _outputs = GC.AllocateArray<nint>(outputCount, pinned: true);
        _outputBindings = new int[outputCount];
        _runOptions = model.CreateRunOptions();
    }

    /// <inheritdoc/>
    public BackendOutcome Run(CallExecution execution)
    {
        if (!TryBegin(execution.Id, out var options))
        {
            execution.ComputeStart = execution.ComputeEnd = Stopwatch.GetTimestamp();
            return new BackendOutcome(BackendStatus.Terminated, "The run was terminated before it began.");
        }

        var inputCount = 0;
        var outputCount = 0;
        var isEnded = false;
        try
        {
            execution.ComputeStart = execution.ComputeEnd = Stopwatch.GetTimestamp();
            var outcome = BindInputs(execution, ref inputCount);
            if (!outcome.IsSuccess)
            {
                return outcome;
            }

            outputCount = SelectOutputs(execution);
            execution.ComputeStart = Stopwatch.GetTimestamp();
            var status = _api.Run(
                _model.Session.Pointer,
                options,
                (byte**)AddressOf(_inputNames),
                (OrtValue**)AddressOf(_inputs),
                (nuint)inputCount,
                (byte**)AddressOf(_outputNames),
                (nuint)outputCount,
                (OrtValue**)AddressOf(_outputs));
            execution.ComputeEnd = Stopwatch.GetTimestamp();
            var isTerminated = End();
            isEnded = true;
            return status is null ? Deliver(execution, outputCount) : Failure(status, isTerminated);
        }
        finally
        {
            ReleaseValues(_inputs, inputCount);
            ReleaseValues(_outputs, outputCount);
            if (!isEnded)
            {
                End();
            }
        }
    }

    /// <inheritdoc/>
    public void Terminate(long executionId)
    {
        lock (_runLock)
        {
            if (!_isRunning || _runId != executionId)
            {
                _earlyTermination = executionId;
            }
            else if (!_isTerminated)
            {
                _isTerminated = true;
                _api.Check(_api.RunOptionsSetTerminate(_runOptions.Pointer));
            }
        }
    }

    /// <summary>Gives the slot back; it must not be running.</summary>
    public void Dispose() => _runOptions.Dispose();

    private bool TryBegin(long id, out OrtRunOptions* options)
    {
        ObjectDisposedException.ThrowIf(_model.Session.IsClosed, _model);
        lock (_runLock)
        {
            Debug.Assert(!_isRunning, "A slot runs one execution at a time.");
            var isTerminated = _earlyTermination == id;
            _earlyTermination = null;
            _runId = id;
            _isRunning = !isTerminated;
            options = _runOptions.Pointer;
            return !isTerminated;
        }
    }

    /// <summary>Closes the run to termination, and says whether it was terminated.</summary>
    private bool End()
    {
        lock (_runLock)
        {
            _isRunning = false;
            if (!_isTerminated)
            {
                return false;
            }

            // The flag stays set in options once terminated, whether or not the runtime saw it: the next run gets its own.
            _isTerminated = false;
            _runOptions.Dispose();
            _runOptions = _model.CreateRunOptions();
            return true;
        }
    }

    /// <summary>
    /// Wraps the inputs where they lie; <paramref name="count"/> of them are bound and to be released, whatever the
    /// outcome.
    /// </summary>
    private BackendOutcome BindInputs(CallExecution execution, ref int count)
    {
        var tensors = execution.Inputs;
        for (var i = 0; i < tensors.Length; i++)
        {
            ref readonly var tensor = ref tensors[i];
            if (!tensor.IsPresent)
            {
                if (_model.Signature.Inputs[i].IsOptional)
                {
                    continue;
                }

                return InvalidInput(i, "it is required and was not given");
            }

            OrtValue* value = null;
            OrtStatus* status;
            fixed (long* dimensions = tensor.Shape.Span)
            {
                status = tensor.Type == DataType.Bytes
                    ? _api.CreateTensorAsOrtValue(
                        _environment.DefaultAllocator, dimensions, (nuint)tensor.Shape.Rank, OnnxElementType.String, &value)
                    : _api.CreateTensorWithDataAsOrtValue(
                        _environment.CpuMemory,
                        tensor.Pointer,
                        (nuint)tensor.ByteLength,
                        dimensions,
                        (nuint)tensor.Shape.Rank,
                        tensor.Type.ToOnnx(),
                        &value);
            }

            if (status is not null)
            {
                return InvalidInput(i, _api.Take(status).Message);
            }

            _inputNames[count] = _model.Layout.InputNames[i];
            _inputs[count++] = (nint)value;
            if (tensor.Type == DataType.Bytes)
            {
                var outcome = FillStrings(i, tensor, value);
                if (!outcome.IsSuccess)
                {
                    return outcome;
                }
            }
        }

        return BackendOutcome.Success;
    }

    private BackendOutcome FillStrings(int index, in Tensor tensor, OrtValue* value)
    {
        if (tensor.ByteLength > int.MaxValue)
        {
            return InvalidInput(index, $"{ByteSize.Format(tensor.ByteLength)} of strings; at most 2 GiB can be given");
        }

        tensor.Shape.TryGetElementCount(out var count);
        var status = StringTensors.Fill(_api, value, tensor.Bytes, count, out var isWellFormed);
        return status is not null ? BackendOutcome.Failure(_api.Take(status).Message)
            : isWellFormed ? BackendOutcome.Success
            : InvalidInput(index, $"its {tensor.ByteLength} bytes do not hold exactly the {count} strings of shape {tensor.Shape}");
    }

    /// <summary>Lists the runtime's outputs that requested tensors are made from.</summary>
    private int SelectOutputs(CallExecution execution)
    {
        var requested = execution.OutputRequested;
        var bindings = _model.Layout.Outputs;
        var count = 0;
        for (var i = 0; i < bindings.Length; i++)
        {
            var binding = bindings[i];
            if ((binding.ValuesIndex >= 0 && requested[binding.ValuesIndex])
                || (binding.KeysIndex >= 0 && requested[binding.KeysIndex]))
            {
                _outputNames[count] = _model.Layout.OutputNames[i];
                _outputs[count] = 0;
                _outputBindings[count++] = i;
            }
        }

        return count;
    }

    private BackendOutcome Deliver(CallExecution execution, int count)
    {
        var values = (OrtValue**)AddressOf(_outputs);
        for (var i = 0; i < count; i++)
        {
            var outcome = _delivery.Deliver(execution, _model.Layout.Outputs[_outputBindings[i]], ref values[i]);
            if (!outcome.IsSuccess)
            {
                execution.ReleaseOutputs();
                return outcome;
            }
        }

        return BackendOutcome.Success;
    }

    private BackendOutcome Failure(OrtStatus* status, bool isTerminated)
    {
        var (code, message) = _api.Take(status);
        return isTerminated ? new BackendOutcome(BackendStatus.Terminated, message)
            : code == OrtErrorCode.InvalidArgument ? new BackendOutcome(BackendStatus.InvalidInput, message)
            : BackendOutcome.Failure(message);
    }

    private BackendOutcome InvalidInput(int index, string fault) => new(
        BackendStatus.InvalidInput, $"Input '{_model.Signature.Inputs[index].Name}': {fault}");

    private void ReleaseValues(nint[] values, int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (values[i] != 0)
            {
                _api.ReleaseValue((OrtValue*)values[i]);
                values[i] = 0;
            }
        }
    }

    private static void* AddressOf(nint[] pinned) => Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned));
}
