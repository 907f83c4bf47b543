using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Inference;

/// <summary>One response: the outputs that were asked for, indexed as the model's signature.</summary>
public sealed class InferenceResponse
{
    private readonly Tensor[] _outputs;

    internal InferenceResponse(ServedModel model)
    {
        Model = model;
        _outputs = new Tensor[model.Signature.Outputs.Length];
    }

    /// <summary>The version that answered.</summary>
    public ServedModel Model { get; }

    /// <summary>The outputs; absent where one was not requested. Valid until <see cref="Release"/>.</summary>
    public ReadOnlySpan<Tensor> Outputs => _outputs;

    /// <summary>Bytes held by the outputs.</summary>
    public long ByteLength { get; private set; }

    internal void SetOutput(int index, in Tensor tensor)
    {
        _outputs[index] = tensor;
        ByteLength += tensor.ByteLength;
    }

    internal void ReplaceOutput(int index, in Tensor tensor)
    {
        ByteLength -= _outputs[index].ByteLength;
        _outputs[index].Release();
        SetOutput(index, tensor);
    }

    /// <summary>Gives the outputs' memory back.</summary>
    public void Release()
    {
        for (var i = 0; i < _outputs.Length; i++)
        {
            _outputs[i].Release();
        }

        ByteLength = 0;
    }
}
