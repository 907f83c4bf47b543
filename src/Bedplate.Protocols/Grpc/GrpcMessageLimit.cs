using System.Globalization;

namespace Bedplate.Protocols.Grpc;

/// <summary>The largest message that a method takes, after decompression.</summary>
/// <param name="Bytes">Most bytes.</param>
/// <param name="Advice">What to do about it, as the end of a sentence: which option sets the bound, or why it is fixed.</param>
internal sealed record GrpcMessageLimit(long Bytes, string Advice)
{
    /// <summary>
    /// The bound of methods whose requests are names and settings: gRPC's own default for messages, so that no client
    /// meets it by surprise.
    /// </summary>
    public static GrpcMessageLimit Default { get; } = new(4 << 20, "a request of this method is never larger");

    /// <summary>The status of a message that passes the bound. The first words are gRPC's own.</summary>
    public ProtocolStatus Exceeded(long bytes) => ProtocolStatus.TooLarge(string.Create(
        CultureInfo.InvariantCulture, $"Received message larger than max ({bytes} vs. {Bytes} bytes); {Advice}."));
}
