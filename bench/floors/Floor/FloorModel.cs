using Bedplate.Inference.Backends;
using Bedplate.Inference.Models;
using Bedplate.Inference.Onnx;
using Bedplate.Tensors;

namespace Bedplate.Bench.Floor;

/// <summary>
/// The one model of a floor, run on whatever thread read the request: no queue, no limit, no statistics. Models with
/// one FP32 input and FP32 outputs only, which is what the comparisons need.
/// </summary>
public sealed class FloorModel
{
    // A process serves one model, so that a thread's slot is the model's.
    [ThreadStatic]
    private static ModelSlot? _slot;

    private readonly ICallModel _model;

    private FloorModel(string name, ICallModel model, TensorMemoryPool memory)
    {
        Name = name;
        Memory = memory;
        _model = model;
    }

    /// <summary>The name in the paths.</summary>
    public string Name { get; }

    /// <summary>The only input.</summary>
    public TensorSpec Input => _model.Signature.Inputs[0];

    /// <summary>Inputs and outputs.</summary>
    public ModelSignature Signature => _model.Signature;

    /// <summary>Where bodies that do not arrive in one piece are gathered.</summary>
    public TensorMemoryPool Memory { get; }

    /// <summary>The calling thread's slot.</summary>
    public ModelSlot Slot => _slot ??= new ModelSlot(_model, Memory);

    /// <summary>Loads the model with the runtime set up as Bedplate sets it up by default.</summary>
    /// <exception cref="ModelLoadException">The file is no model, or one that this program does not serve.</exception>
    public static FloorModel Load(FloorArguments arguments)
    {
        var memory = new AlignedMemoryPool(limitBytes: 4L << 30, cacheLimitBytes: 256L << 20);
        var source = new ModelSource { Name = arguments.ModelName, Version = 1, Path = Path.GetFullPath(arguments.ModelFile) };
        var model = new OnnxBackend(new OnnxRuntimeOptions()).Load(source, memory, CancellationToken.None);
        var signature = model.Signature;
        if (signature.Inputs.Length != 1 || signature.Inputs.Concat(signature.Outputs).Any(tensor => tensor.Type != DataType.Float32))
        {
            throw new ModelLoadException(
                $"'{arguments.ModelFile}' has inputs {string.Join(", ", signature.Inputs)} and outputs {string.Join(", ", signature.Outputs)}; "
                + "a floor serves models with one FP32 input and FP32 outputs.");
        }

        return new FloorModel(arguments.ModelName, model, memory);
    }
}
