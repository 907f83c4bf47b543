using System.Runtime.InteropServices;
using System.Text;
using Bedplate.Inference.Backends;
using Bedplate.Tensors;

namespace Bedplate.Tests.Unit.Onnx;

/// <summary>A slot of a model with its execution: sets inputs, runs, reads outputs, gives all of it back.</summary>
internal sealed class SlotRun(ICallModel model, TensorMemoryPool memory) : IDisposable
{
    public ICallInstance Instance { get; } = model.CreateInstance();

    public CallExecution Execution { get; } = new(model.Signature);

    public SlotRun Input<T>(string name, DataType type, ReadOnlySpan<long> dimensions, params ReadOnlySpan<T> values)
        where T : unmanaged => Input(name, type, dimensions, MemoryMarshal.AsBytes(values));

    public SlotRun Floats(string name, ReadOnlySpan<long> dimensions, params ReadOnlySpan<float> values) =>
        Input(name, DataType.Float32, dimensions, values);

    public SlotRun Strings(string name, ReadOnlySpan<long> dimensions, params string[] values)
    {
        var bytes = new byte[values.Sum(value => BytesLayout.PrefixSize + Encoding.UTF8.GetByteCount(value))];
        var written = 0;
        foreach (var value in values)
        {
            written += BytesLayout.WriteElement(bytes.AsSpan(written), Encoding.UTF8.GetBytes(value));
        }

        return Input(name, DataType.Bytes, dimensions, bytes);
    }

    public SlotRun Input(string name, DataType type, ReadOnlySpan<long> dimensions, ReadOnlySpan<byte> bytes)
    {
        var index = model.Signature.IndexOfInput(name);
        var buffer = memory.Rent(bytes.Length);
        bytes.CopyTo(buffer.Span);
        Execution.Inputs[index].Release();
        Execution.Inputs[index] = new Tensor(type, new TensorShape(dimensions), buffer, bytes.Length);
        return this;
    }

    /// <summary>Runs for the named outputs, or for all.</summary>
    public BackendOutcome Run(params ReadOnlySpan<string> outputs)
    {
        Execution.ReleaseOutputs();
        Array.Fill(Execution.OutputRequested, outputs.IsEmpty);
        foreach (var output in outputs)
        {
            Execution.OutputRequested[model.Signature.IndexOfOutput(output)] = true;
        }

        return Instance.Run(Execution);
    }

    /// <summary>As <see cref="Run"/>, and it must succeed.</summary>
    public SlotRun Succeed(params ReadOnlySpan<string> outputs)
    {
        var outcome = Run(outputs);
        Assert.True(outcome.IsSuccess, outcome.Message);
        return this;
    }

    public ref Tensor Tensor(string output) => ref Execution.Outputs[model.Signature.IndexOfOutput(output)];

    public T[] Output<T>(string output)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(Tensor(output).Bytes).ToArray();

    public string[] Strings(string output)
    {
        var values = new List<string>();
        var remaining = Tensor(output).Bytes;
        while (BytesLayout.TryReadElement(ref remaining, out var element))
        {
            values.Add(Encoding.UTF8.GetString(element));
        }

        Assert.True(remaining.IsEmpty);
        return [.. values];
    }

    public void Dispose()
    {
        Execution.ReleaseOutputs();
        foreach (ref var input in Execution.Inputs.AsSpan())
        {
            input.Release();
        }

        Instance.Dispose();
    }
}
