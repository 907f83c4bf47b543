using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Inference.Backends;

/// <summary>
/// The message of one execution: inputs in, outputs back. One object per slot, reused for each run, so that running
/// allocates nothing. Arrays are indexed as the model's <see cref="ModelSignature"/>.
/// </summary>
public sealed class CallExecution(ModelSignature signature)
{
    /// <summary>
    /// Distinguishes this run from the slot's other runs; for <see cref="ICallInstance.Terminate"/>. 0 for a run that
    /// nobody will terminate.
    /// </summary>
    public long Id { get; set; }

    /// <summary>The inputs; absent where an optional input was not given.</summary>
    public Tensor[] Inputs { get; } = new Tensor[signature.Inputs.Length];

    /// <summary>Which outputs anyone asked for; the others need not be computed.</summary>
    public bool[] OutputRequested { get; } = new bool[signature.Outputs.Length];

    /// <summary>The outputs; set by the backend for each requested one, one reference each.</summary>
    public Tensor[] Outputs { get; } = new Tensor[signature.Outputs.Length];

    /// <summary>Rows in the batch; 1 for a model without a batch dimension.</summary>
    public int BatchSize { get; set; } = 1;

    /// <summary>
    /// <see cref="System.Diagnostics.Stopwatch"/> timestamp of the moment the inputs stood ready for the runtime; set
    /// by the backend, so that statistics can tell converting from computing.
    /// </summary>
    public long ComputeStart { get; set; }

    /// <summary>Timestamp of the moment the runtime had computed; set by the backend.</summary>
    public long ComputeEnd { get; set; }

    /// <summary>Gives back the outputs that nobody took.</summary>
    public void ReleaseOutputs()
    {
        for (var i = 0; i < Outputs.Length; i++)
        {
            Outputs[i].Release();
        }
    }
}
