using System.Diagnostics;
using Bedplate.Inference;

namespace Bedplate.Protocols.OpenInference;

/// <summary>The request parameters that have a meaning of their own; every other one is the user's.</summary>
internal enum ReservedParameter : byte
{
    /// <summary>Not reserved: handed to the backend.</summary>
    None = 0,

    /// <summary>The sequence a request belongs to: a number or a string; 0 and "" for none.</summary>
    SequenceId,

    /// <summary>Whether the request begins its sequence.</summary>
    SequenceStart,

    /// <summary>Whether the request ends its sequence.</summary>
    SequenceEnd,

    /// <summary>Priority level, 1 the most urgent; 0 for the model's default.</summary>
    Priority,

    /// <summary>How long the request may wait in the queue, in microseconds; 0 for the model's default.</summary>
    Timeout,

    /// <summary>Whether outputs that say nothing else are answered as binary data. REST only.</summary>
    BinaryDataOutput,

    /// <summary>Any name beginning with "triton_": the server's own, which a request must not bring.</summary>
    Triton,
}

/// <summary>What both bindings do with the parameters of a request (Triton's parameters, sequence and schedule policy extensions).</summary>
internal static class RequestParameters
{
    /// <summary>Most user parameters of one request: many times what a model takes, and too few to be a burden.</summary>
    public const int MaxUserParameters = 256;

    /// <summary>The answer to a name that begins with "triton_"; Triton's own words.</summary>
    public static ProtocolStatus TritonPrefixRefused { get; } = ProtocolStatus.Invalid(
        "parameter keys starting with 'triton_' are reserved for Triton usage and should not be specified.");

    /// <summary>The answer to more than <see cref="MaxUserParameters"/>.</summary>
    public static ProtocolStatus TooMany { get; } = ProtocolStatus.Invalid(
        $"The request has more than {MaxUserParameters} parameters; leave out those that the model does not read.");

    /// <summary>Which parameter a name is, in UTF-8.</summary>
    public static ReservedParameter Classify(ReadOnlySpan<byte> utf8Name) => utf8Name.Length switch
    {
        7 when utf8Name.SequenceEqual("timeout"u8) => ReservedParameter.Timeout,
        8 when utf8Name.SequenceEqual("priority"u8) => ReservedParameter.Priority,
        11 when utf8Name.SequenceEqual("sequence_id"u8) => ReservedParameter.SequenceId,
        12 when utf8Name.SequenceEqual("sequence_end"u8) => ReservedParameter.SequenceEnd,
        14 when utf8Name.SequenceEqual("sequence_start"u8) => ReservedParameter.SequenceStart,
        18 when utf8Name.SequenceEqual("binary_data_output"u8) => ReservedParameter.BinaryDataOutput,
        _ => utf8Name.StartsWith("triton_"u8) ? ReservedParameter.Triton : ReservedParameter.None,
    };

    /// <summary>Applies <see cref="ReservedParameter.Timeout"/>. What no <see cref="TimeSpan"/> can hold is as good as none.</summary>
    public static void SetQueueTimeout(InferenceRequest request, ulong microseconds)
    {
        const ulong longest = long.MaxValue / TimeSpan.TicksPerMicrosecond;
        request.QueueTimeout = microseconds > longest ? TimeSpan.Zero : new TimeSpan((long)microseconds * TimeSpan.TicksPerMicrosecond);
    }

    /// <summary>The answer to a sequence parameter that asks for a sequence.</summary>
    public static ProtocolStatus SequenceRefused(ReservedParameter parameter) => ProtocolStatus.Unsupported(
        $"parameter '{NameOf(parameter)}' is refused: this server does not serve sequences; send requests that stand alone.");

    private static string NameOf(ReservedParameter parameter) => parameter switch
    {
        ReservedParameter.SequenceId => "sequence_id",
        ReservedParameter.SequenceStart => "sequence_start",
        ReservedParameter.SequenceEnd => "sequence_end",
        _ => throw new UnreachableException(),
    };
}
