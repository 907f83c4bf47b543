using Bedplate.Protocols;

namespace Bedplate.Tests.Fuzz.Grpc;

/// <summary>What a stream comes to.</summary>
/// <param name="Messages">The messages before its end.</param>
/// <param name="Code">How it ends.</param>
/// <param name="Reason">Why, in the reader's words; the oracle has none.</param>
internal sealed record FramingOutcome(List<byte[]> Messages, GrpcCode Code, string Reason = "")
{
    /// <summary>Another right ending; null for none.</summary>
    public GrpcCode? OrElse { get; init; }

    /// <summary>Where the two differ; null when they do not.</summary>
    public string? DifferenceFrom(FramingOutcome other)
    {
        if (Messages.Count != other.Messages.Count || (Code != other.Code && OrElse != other.Code))
        {
            return $"{other.Messages.Count} messages, then {other.Code}, expected {Messages.Count}, then {Code}; {other.Reason}";
        }

        var differs = Enumerable.Range(0, Messages.Count).FirstOrDefault(i => !Messages[i].AsSpan().SequenceEqual(other.Messages[i]), -1);
        return differs < 0 ? null : $"message {differs}: {Convert.ToHexString(other.Messages[differs])}, expected {Convert.ToHexString(Messages[differs])}";
    }
}
