using System.Collections.Immutable;
using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Inference.Onnx.Signatures;

/// <summary>
/// Holds a configuration's signature against the model's. A declaration may leave out outputs and optional inputs,
/// which are then not served, may fix a dimension that the model leaves open, and may make an optional input
/// required; everything else must agree. All faults are reported at once.
/// </summary>
internal static class DeclaredSignature
{
    /// <summary>The model's inputs as far as they are declared, in the model's order.</summary>
    public static ImmutableArray<TensorSpec> ApplyToInputs(
        ImmutableArray<TensorSpec> inputs, ModelSignature declared, List<string> faults)
    {
        var applied = ImmutableArray.CreateBuilder<TensorSpec>();
        foreach (var input in inputs)
        {
            var index = declared.IndexOfInput(input.Name);
            if (index >= 0)
            {
                applied.Add(Narrow("input", input, declared.Inputs[index], faults));
            }
            else if (!input.IsOptional)
            {
                faults.Add($"the model needs the input {input}, which the configuration does not declare");
            }
        }

        RefuseUnknown("input", declared.Inputs, inputs, faults);
        return applied.ToImmutable();
    }

    /// <summary>The model's outputs as far as they are declared, in the model's order.</summary>
    public static ImmutableArray<TensorSpec> ApplyToOutputs(
        ImmutableArray<TensorSpec> outputs, ModelSignature declared, List<string> faults)
    {
        var applied = ImmutableArray.CreateBuilder<TensorSpec>();
        foreach (var output in outputs)
        {
            var index = declared.IndexOfOutput(output.Name);
            if (index >= 0)
            {
                applied.Add(Narrow("output", output, declared.Outputs[index], faults));
            }
        }

        RefuseUnknown("output", declared.Outputs, outputs, faults);
        return applied.ToImmutable();
    }

    private static TensorSpec Narrow(string role, TensorSpec model, TensorSpec declared, List<string> faults)
    {
        if (model.Type != declared.Type)
        {
            faults.Add(
                $"{role} '{model.Name}' is {model.Type.WireName()} in the model and {declared.Type.WireName()} in the configuration");
        }

        var fits = !model.HasKnownRank || (declared.HasKnownRank && model.Accepts(declared.Shape));
        if (!fits)
        {
            faults.Add(
                $"{role} '{model.Name}' has the shape {model.Shape} in the model and {declared.Shape} in the configuration"
                + " (the batch dimension included)");
        }

        var isOptional = model.IsOptional && declared.IsOptional;
        return declared.HasKnownRank
            ? new TensorSpec(model.Name, model.Type, declared.Shape, isOptional)
            : TensorSpec.OfUnknownRank(model.Name, model.Type, isOptional);
    }

    private static void RefuseUnknown(
        string role, ImmutableArray<TensorSpec> declared, ImmutableArray<TensorSpec> model, List<string> faults)
    {
        foreach (var spec in declared)
        {
            if (!model.Any(known => known.Name == spec.Name))
            {
                faults.Add($"the configuration declares the {role} '{spec.Name}'; the model has {NameAll(model)}");
            }
        }
    }

    private static string NameAll(ImmutableArray<TensorSpec> specs) =>
        specs.IsEmpty ? "none" : string.Join(", ", specs.Select(spec => $"'{spec.Name}'"));
}
