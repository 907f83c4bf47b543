using System.Collections.Immutable;
using Bedplate.Inference.Models;
using Bedplate.Inference.Onnx.Interop;

namespace Bedplate.Inference.Onnx.Signatures;

/// <summary>
/// The signature requests see and the runtime's inputs and outputs behind it. Names lie in one pinned block, so that
/// a run passes their addresses without touching text.
/// </summary>
internal sealed unsafe class OnnxSignature
{
    private readonly byte[] _names;

    private OnnxSignature(ModelSignature signature, ImmutableArray<OutputBinding> outputs)
    {
        Signature = signature;
        Outputs = outputs;
        var offsets = new List<int>();
        var block = new List<byte>();
        foreach (var name in signature.Inputs.Select(input => input.Name).Concat(outputs.Select(output => output.Name)))
        {
            offsets.Add(block.Count);
            block.AddRange(Utf8.Terminated(name));
        }

        _names = GC.AllocateUninitializedArray<byte>(block.Count, pinned: true);
        block.CopyTo(_names);
        InputNames = [.. offsets.Take(signature.Inputs.Length).Select(AddressOf)];
        OutputNames = [.. offsets.Skip(signature.Inputs.Length).Select(AddressOf)];
    }

    public ModelSignature Signature { get; }

    /// <summary>The runtime's outputs that are served.</summary>
    public ImmutableArray<OutputBinding> Outputs { get; }

    /// <summary>Addresses of the input names (byte*), in the signature's order; valid while this object lives.</summary>
    public ImmutableArray<nint> InputNames { get; }

    /// <summary>Addresses of the output names (byte*), in the order of <see cref="Outputs"/>.</summary>
    public ImmutableArray<nint> OutputNames { get; }

    /// <summary>Reads the session's signature and applies the declared one.</summary>
    /// <exception cref="ModelLoadException">A type cannot be served, or the declaration does not fit.</exception>
    public static OnnxSignature Read(OrtEnvironment environment, OrtSession* session, ModelSource source)
    {
        var reader = new SignatureReader(environment, session);
        var inputs = reader.ReadInputs();
        var runtimeOutputs = reader.ReadOutputs();
        var outputs = runtimeOutputs
            .SelectMany(output => output.Keys is null ? [output.Values] : new[] { output.Values, output.Keys })
            .ToImmutableArray();
        if (source.DeclaredSignature is { } declared)
        {
            var faults = new List<string>();
            inputs = DeclaredSignature.ApplyToInputs(inputs, declared, faults);
            outputs = DeclaredSignature.ApplyToOutputs(outputs, declared, faults);
            if (faults.Count > 0)
            {
                throw new ModelLoadException(
                    $"Model '{source.Name}' version {source.Version} and its configuration do not agree: {string.Join("; ", faults)}.");
            }
        }

        var signature = new ModelSignature(inputs, outputs);
        var bindings = runtimeOutputs
            .Select(output => new OutputBinding(
                output.Name,
                output.Form,
                signature.IndexOfOutput(output.Values.Name),
                output.Keys is null ? -1 : signature.IndexOfOutput(output.Keys.Name)))
            .Where(binding => binding.ValuesIndex >= 0 || binding.KeysIndex >= 0);
        return new OnnxSignature(signature, [.. bindings]);
    }

    private nint AddressOf(int offset)
    {
        fixed (byte* name = &_names[offset])
        {
            return (nint)name;
        }
    }
}
