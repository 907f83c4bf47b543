using System.Collections.Immutable;

namespace Bedplate.Inference.Models;

/// <summary>The inputs and outputs of a loaded model. A tensor's index here is its identity within the engine.</summary>
public sealed class ModelSignature
{
    /// <summary>Creates a signature; names must be unique among the inputs and among the outputs.</summary>
    public ModelSignature(ImmutableArray<TensorSpec> inputs, ImmutableArray<TensorSpec> outputs)
    {
        Inputs = inputs;
        Outputs = outputs;
        RequireUnique(inputs, "input");
        RequireUnique(outputs, "output");
        foreach (var input in inputs)
        {
            RequiredInputCount += input.IsOptional ? 0 : 1;
        }
    }

    /// <summary>The inputs, in the model's own order.</summary>
    public ImmutableArray<TensorSpec> Inputs { get; }

    /// <summary>The outputs, in the model's own order.</summary>
    public ImmutableArray<TensorSpec> Outputs { get; }

    /// <summary>How many inputs a request must give.</summary>
    public int RequiredInputCount { get; }

    /// <summary>Index of the input with this name, or −1.</summary>
    public int IndexOfInput(ReadOnlySpan<byte> utf8Name) => IndexOf(Inputs, utf8Name);

    /// <summary>Index of the output with this name, or −1.</summary>
    public int IndexOfOutput(ReadOnlySpan<byte> utf8Name) => IndexOf(Outputs, utf8Name);

    /// <summary>Index of the input with this name, or −1.</summary>
    public int IndexOfInput(string name) => IndexOf(Inputs, name);

    /// <summary>Index of the output with this name, or −1.</summary>
    public int IndexOfOutput(string name) => IndexOf(Outputs, name);

    // A scan: models have a handful of tensors, and comparing lengths first makes a miss cost a nanosecond.
    private static int IndexOf(ImmutableArray<TensorSpec> specs, ReadOnlySpan<byte> utf8Name)
    {
        for (var i = 0; i < specs.Length; i++)
        {
            if (specs[i].Utf8Name.SequenceEqual(utf8Name))
            {
                return i;
            }
        }

        return -1;
    }

    private static int IndexOf(ImmutableArray<TensorSpec> specs, string name)
    {
        for (var i = 0; i < specs.Length; i++)
        {
            if (specs[i].Name == name)
            {
                return i;
            }
        }

        return -1;
    }

    private static void RequireUnique(ImmutableArray<TensorSpec> specs, string kind)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var spec in specs)
        {
            if (!seen.Add(spec.Name))
            {
                throw new ArgumentException($"The model has two {kind}s named '{spec.Name}'.");
            }
        }
    }
}
