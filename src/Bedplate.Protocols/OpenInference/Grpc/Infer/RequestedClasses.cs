using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference.Classification;

namespace Bedplate.Protocols.OpenInference.Grpc.Infer;

/// <summary>The outputs of a message for which classes are asked in their place (its parameter <c>classification</c>).</summary>
internal static class RequestedClasses
{
    private static ProtocolStatus NoMemory { get; } =
        ProtocolStatus.Unavailable("Overloaded: there is no memory for the classes of the answer.", TimeSpan.FromSeconds(1));

    /// <summary>Whether an output can be answered as it is asked for.</summary>
    public static ProtocolStatus Check(in DecodedOutput output, ServedModel model, int index)
    {
        if (!output.HasClassification)
        {
            return ProtocolStatus.Ok;
        }

        var classes = output.Classification;
        return classes.Choice switch
        {
            ParameterChoice.Int64 when (long)classes.Bits < 0 =>
                ProtocolStatus.Invalid($"invalid value for 'classification', expected classes >= 0, got {(long)classes.Bits}."),
            ParameterChoice.Int64 or ParameterChoice.UInt64 =>
                classes.Bits == 0 ? ProtocolStatus.Ok : OutputClassification.Check(model, index, classes.Bits),
            _ => ProtocolStatus.Invalid("invalid value type for 'classification' parameter, expected int64_param."),
        };
    }

    /// <summary>Puts the classes in the place of the outputs, once these are there.</summary>
    public static ProtocolStatus Apply(ModelInferRequestDecoder decoded, InferenceRequest request)
    {
        for (var i = 0; i < decoded.OutputCount; i++)
        {
            ref readonly var output = ref decoded.Outputs[i];
            if (output.HasClassification && output.Classification.Bits > 0
                && !OutputClassification.TryApply(
                    request, request.Model.Signature.IndexOfOutput(decoded.Text(output.Name)), (int)output.Classification.Bits))
            {
                return NoMemory;
            }
        }

        return ProtocolStatus.Ok;
    }
}
