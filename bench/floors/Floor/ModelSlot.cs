using Bedplate.Inference.Backends;
using Bedplate.Tensors;

namespace Bedplate.Bench.Floor;

/// <summary>What one thread needs to run the model, made once: an instance, an input tensor, room for an answer.</summary>
public sealed unsafe class ModelSlot
{
    private const int InitialElements = 1024;
    private const int ScratchLength = 16 << 10;

    private readonly ICallInstance _instance;
    private readonly CallExecution _execution;
    private readonly TensorMemoryPool _memory;
    private TensorBuffer _input;

    internal ModelSlot(ICallModel model, TensorMemoryPool memory)
    {
        _instance = model.CreateInstance();
        _execution = new CallExecution(model.Signature);
        Array.Fill(_execution.OutputRequested, true);
        _memory = memory;
        _input = memory.Rent(InitialElements * sizeof(float));
    }

    /// <summary>Room for an answer that is written before the slot is used again.</summary>
    public byte[] Scratch { get; } = new byte[ScratchLength];

    /// <summary>What the last run gave; the slot's until <see cref="ReleaseOutputs"/>.</summary>
    public Tensor[] Outputs => _execution.Outputs;

    /// <summary>The slot's own input tensor, with room for at least so many elements; 64-byte aligned.</summary>
    public Span<float> Reserve(int elements)
    {
        if (_input.ByteLength < (long)elements * sizeof(float))
        {
            _input.Release();
            _input = _memory.Rent(Math.Max((long)elements * sizeof(float), 2 * _input.ByteLength));
        }

        return new Span<float>(_input.Pointer, (int)(_input.ByteLength / sizeof(float)));
    }

    /// <summary>Runs the model on the calling thread, over the slot's own input.</summary>
    public BackendOutcome Run(in TensorShape shape, long byteLength) =>
        Run(new Tensor(DataType.Float32, shape, _input, byteLength));

    /// <summary>Runs the model on the calling thread; the input stays the caller's.</summary>
    public BackendOutcome Run(in Tensor input)
    {
        _execution.Inputs[0] = input;
        var outcome = _instance.Run(_execution);
        _execution.Inputs[0] = default;
        return outcome;
    }

    /// <summary>Bytes of all outputs.</summary>
    public static long ByteLength(ReadOnlySpan<Tensor> outputs)
    {
        var length = 0L;
        foreach (ref readonly var output in outputs)
        {
            length += output.ByteLength;
        }

        return length;
    }

    /// <summary>Hands the outputs over, for an answer that is still being written when the slot runs again.</summary>
    public Tensor[] TakeOutputs()
    {
        Tensor[] outputs = [.. _execution.Outputs];
        Array.Clear(_execution.Outputs);
        return outputs;
    }

    /// <summary>Gives the outputs' memory back to the runtime.</summary>
    public void ReleaseOutputs() => _execution.ReleaseOutputs();
}
