using Bedplate.Inference.Models;

namespace Bedplate.Inference.Onnx.Signatures;

/// <summary>How an output of the runtime becomes tensors of the signature; docs/reference/onnx-outputs.md.</summary>
internal enum OutputForm : byte
{
    /// <summary>A tensor, handed on as it is.</summary>
    Tensor = 0,

    /// <summary>A sequence of tensors of one shape, stacked along a new first dimension.</summary>
    TensorSequence,

    /// <summary>A map: values [k] and keys [k].</summary>
    Map,

    /// <summary>A sequence of maps of one size: values [n, k] and keys [n, k].</summary>
    MapSequence,
}

/// <summary>One output as the runtime has it, and the signature's tensors that are made from it.</summary>
/// <param name="Form">What it is.</param>
/// <param name="Values">The tensor under the output's own name.</param>
/// <param name="Keys">The map's keys; null for the other forms.</param>
internal sealed record RuntimeOutput(OutputForm Form, TensorSpec Values, TensorSpec? Keys = null)
{
    /// <summary>The runtime's name for it.</summary>
    public string Name => Values.Name;
}
