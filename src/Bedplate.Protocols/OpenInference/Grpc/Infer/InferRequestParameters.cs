using System.Text;
using Bedplate.Inference;

namespace Bedplate.Protocols.OpenInference.Grpc.Infer;

/// <summary>
/// Gives a request's parameters their meaning: those that the protocol reserves steer the engine, the others go to
/// the backend. The texts are Triton's.
/// </summary>
internal static class InferRequestParameters
{
    private const string EmptyFinalResponse = "triton_enable_empty_final_response";

    /// <summary>Applies all parameters. <paramref name="wantsEmptyFinalResponse"/> matters to streams only.</summary>
    public static ProtocolStatus Apply(ModelInferRequestDecoder decoded, InferenceRequest request, out bool wantsEmptyFinalResponse)
    {
        wantsEmptyFinalResponse = false;
        Dictionary<string, ParameterValue>? others = null;
        foreach (ref readonly var parameter in decoded.Parameters)
        {
            var status = Apply(decoded, parameter, request, ref wantsEmptyFinalResponse, ref others);
            if (!status.IsOk)
            {
                return status;
            }
        }

        request.Parameters = others;
        return ProtocolStatus.Ok;
    }

    private static ProtocolStatus Apply(
        ModelInferRequestDecoder decoded,
        in DecodedParameter parameter,
        InferenceRequest request,
        ref bool wantsEmptyFinalResponse,
        ref Dictionary<string, ParameterValue>? others)
    {
        var key = decoded.Text(parameter.Key);
        if (key.SequenceEqual("priority"u8))
        {
            return ApplyPriority(parameter, request);
        }

        if (key.SequenceEqual("timeout"u8))
        {
            return ApplyTimeout(parameter, request);
        }

        // Sequences mean something to models with a sequence batcher only; for others Triton, too, just checks them.
        if (key.SequenceEqual("sequence_id"u8))
        {
            return parameter.Choice is ParameterChoice.Int64 or ParameterChoice.UInt64 or ParameterChoice.String
                ? ProtocolStatus.Ok
                : ProtocolStatus.Invalid("invalid value type for 'sequence_id' parameter, expected int64_param or string_param.");
        }

        if (key.SequenceEqual("sequence_start"u8) || key.SequenceEqual("sequence_end"u8))
        {
            return parameter.Choice == ParameterChoice.Bool ? ProtocolStatus.Ok : WrongType(key, "bool_param");
        }

        if (key.StartsWith("triton_"u8))
        {
            if (!key.SequenceEqual("triton_enable_empty_final_response"u8))
            {
                return ProtocolStatus.Invalid(
                    "parameter keys starting with 'triton_' are reserved for Triton usage. Only the following keys starting "
                    + $"with 'triton_' are allowed: {EmptyFinalResponse}");
            }

            wantsEmptyFinalResponse = parameter.Bits != 0;
            return parameter.Choice == ParameterChoice.Bool ? ProtocolStatus.Ok : WrongType(key, "bool_param");
        }

        return AddOther(decoded, parameter, ref others);
    }

    private static ProtocolStatus ApplyPriority(in DecodedParameter parameter, InferenceRequest request)
    {
        request.Priority = parameter.Bits;
        return parameter.Choice switch
        {
            ParameterChoice.Int64 when (long)parameter.Bits < 0 => ProtocolStatus.Invalid("invalid value for 'priority', expected value >= 0."),
            ParameterChoice.Int64 or ParameterChoice.UInt64 => ProtocolStatus.Ok,
            _ => WrongType("priority"u8, "int64_param or uint64_param"),
        };
    }

    private static ProtocolStatus ApplyTimeout(in DecodedParameter parameter, InferenceRequest request)
    {
        if (parameter.Choice != ParameterChoice.Int64)
        {
            return WrongType("timeout"u8, "int64_param");
        }

        var microseconds = (long)parameter.Bits;
        if (microseconds < 0)
        {
            return ProtocolStatus.Invalid($"invalid value for 'timeout', expected microseconds >= 0, got {microseconds}.");
        }

        request.QueueTimeout = microseconds > TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerMicrosecond
            ? TimeSpan.MaxValue
            : TimeSpan.FromTicks(microseconds * TimeSpan.TicksPerMicrosecond);
        return ProtocolStatus.Ok;
    }

    private static ProtocolStatus AddOther(
        ModelInferRequestDecoder decoded, in DecodedParameter parameter, ref Dictionary<string, ParameterValue>? others)
    {
        ParameterValue value;
        switch (parameter.Choice)
        {
            case ParameterChoice.Bool:
                value = new ParameterValue(parameter.Bits != 0);
                break;
            case ParameterChoice.Int64:
                value = new ParameterValue((long)parameter.Bits);
                break;
            case ParameterChoice.Double:
                value = new ParameterValue(BitConverter.UInt64BitsToDouble(parameter.Bits));
                break;
            case ParameterChoice.String:
                value = new ParameterValue(Encoding.UTF8.GetString(decoded.Text(parameter.Text)));
                break;
            default:
                return WrongType(decoded.Text(parameter.Key), "int64_param, bool_param, or string_param");
        }

        others ??= new Dictionary<string, ParameterValue>(StringComparer.Ordinal);
        others[Encoding.UTF8.GetString(decoded.Text(parameter.Key))] = value;
        return ProtocolStatus.Ok;
    }

    private static ProtocolStatus WrongType(ReadOnlySpan<byte> key, string expected) =>
        ProtocolStatus.Invalid($"invalid value type for '{Encoding.UTF8.GetString(key)}' parameter, expected {expected}.");
}
