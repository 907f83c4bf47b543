using System.Globalization;

namespace Bedplate.Bench.Measurement;

/// <summary>What became of a request, as far as the kind of failure goes.</summary>
internal enum OutcomeKind : byte
{
    /// <summary>A complete answer: HTTP 200, or gRPC status 0 with a message.</summary>
    Answered,

    /// <summary>Another HTTP status; <see cref="Outcome.Code"/> has it.</summary>
    HttpStatus,

    /// <summary>A gRPC status other than 0; <see cref="Outcome.Code"/> has it.</summary>
    GrpcStatus,

    /// <summary>No complete answer within the client's own time limit.</summary>
    TimedOut,

    /// <summary>No connection could be made.</summary>
    ConnectFailed,

    /// <summary>The connection ended before the answer was complete.</summary>
    ConnectionLost,

    /// <summary>The server reset the HTTP/2 stream; <see cref="Outcome.Code"/> has the HTTP/2 error code.</summary>
    StreamReset,

    /// <summary>The answer does not follow its protocol.</summary>
    Malformed,

    /// <summary>A complete answer with other values than the single-request run gave (<c>--verify</c>).</summary>
    WrongAnswer,
}

/// <summary>How one request ended. Equal outcomes are counted together in the report.</summary>
internal readonly record struct Outcome(OutcomeKind Kind, int Code = 0)
{
    private static readonly string[] GrpcNames =
    [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
        "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
        "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ];

    public static Outcome Answered => default;

    /// <summary>
    /// Whether the server would not take it: 429, 503, RESOURCE_EXHAUSTED, UNAVAILABLE. Such answers are quick and would
    /// flatter the latencies, so they have their own.
    /// </summary>
    public bool IsRefusal => Kind switch
    {
        OutcomeKind.HttpStatus => Code is 429 or 503,
        OutcomeKind.GrpcStatus => Code is 8 or 14,
        _ => false,
    };

    /// <summary>Whether the server took it and could not keep its deadline: 504, DEADLINE_EXCEEDED.</summary>
    public bool IsExpiry => Kind switch
    {
        OutcomeKind.HttpStatus => Code == 504,
        OutcomeKind.GrpcStatus => Code == 4,
        _ => false,
    };

    /// <summary>As the report shows it: "HTTP 503", "gRPC UNAVAILABLE", "timeout".</summary>
    public override string ToString() => Kind switch
    {
        OutcomeKind.Answered => "answered",
        OutcomeKind.HttpStatus => string.Create(CultureInfo.InvariantCulture, $"HTTP {Code}"),
        OutcomeKind.GrpcStatus => "gRPC " + GrpcName(Code),
        OutcomeKind.TimedOut => "timeout",
        OutcomeKind.ConnectFailed => "connect failed",
        OutcomeKind.ConnectionLost => "connection lost",
        OutcomeKind.StreamReset => string.Create(CultureInfo.InvariantCulture, $"stream reset {Code}"),
        OutcomeKind.Malformed => "malformed answer",
        OutcomeKind.WrongAnswer => "wrong answer",
        _ => throw new InvalidOperationException($"Outcome {(byte)Kind} has no name."),
    };

    /// <summary>The name of a gRPC status as the specification writes it; the number itself when it has none.</summary>
    public static string GrpcName(int code) =>
        (uint)code < (uint)GrpcNames.Length ? GrpcNames[code] : code.ToString(CultureInfo.InvariantCulture);
}
