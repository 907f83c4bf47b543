using Bedplate.Bench.Measurement;

namespace Bedplate.Bench.Clients;

/// <summary>How an exchange ended.</summary>
internal readonly ref struct ExchangeEnd
{
    private ExchangeEnd(Outcome outcome, ReadOnlySpan<byte> bytes, int jsonLength, string? cause)
    {
        Outcome = outcome;
        Bytes = bytes;
        JsonLength = jsonLength;
        Cause = cause;
    }

    /// <summary>What became of it.</summary>
    public Outcome Outcome { get; }

    /// <summary>
    /// For an answer the HTTP body or the protobuf message, if <see cref="IExchangeObserver.WantsAnswers"/>; for a
    /// failure the start of what the server said, in UTF-8.
    /// </summary>
    public ReadOnlySpan<byte> Bytes { get; }

    /// <summary>The header Inference-Header-Content-Length of an HTTP answer; −1 without it.</summary>
    public int JsonLength { get; }

    /// <summary>For a failure that the server said nothing about: why.</summary>
    public string? Cause { get; }

    /// <summary>The answer arrived whole.</summary>
    public static ExchangeEnd Answer(ReadOnlySpan<byte> bytes, int jsonLength = -1) =>
        new(Outcome.Answered, bytes, jsonLength, null);

    /// <summary>The server answered with a failure.</summary>
    public static ExchangeEnd Refused(Outcome outcome, ReadOnlySpan<byte> message) => new(outcome, message, -1, null);

    /// <summary>There was no proper answer.</summary>
    public static ExchangeEnd Broken(OutcomeKind kind, string? cause, int code = 0) =>
        new(new Outcome(kind, code), default, -1, cause);
}
