using Bedplate.Inference;
using Bedplate.Inference.Models;

namespace Bedplate.Protocols;

/// <summary>
/// What a request came to, in the terms of every protocol spoken here: the one table that maps the engine's endings
/// to HTTP statuses and gRPC codes. Texts begin as Triton's where its clients match on them.
/// </summary>
/// <param name="Http">HTTP status.</param>
/// <param name="Grpc">gRPC status code.</param>
/// <param name="Message">What was wrong and what to do; empty on success.</param>
/// <param name="RetryAfter">When trying again may succeed; zero where waiting does not help.</param>
public readonly record struct ProtocolStatus(int Http, GrpcCode Grpc, string Message, TimeSpan RetryAfter = default)
{
    /// <summary>Success.</summary>
    public static ProtocolStatus Ok { get; } = new(200, GrpcCode.Ok, "");

    /// <summary>Whether it succeeded.</summary>
    public bool IsOk => Grpc == GrpcCode.Ok;

    /// <summary>The request is wrong and would be wrong again.</summary>
    public static ProtocolStatus Invalid(string message) => new(400, GrpcCode.InvalidArgument, message);

    /// <summary>What was named does not exist.</summary>
    public static ProtocolStatus NotFound(string message) => new(404, GrpcCode.NotFound, message);

    /// <summary>The request is larger than allowed.</summary>
    public static ProtocolStatus TooLarge(string message) => new(413, GrpcCode.ResourceExhausted, message);

    /// <summary>Not now.</summary>
    public static ProtocolStatus Unavailable(string message, TimeSpan retryAfter = default) =>
        new(503, GrpcCode.Unavailable, message, retryAfter);

    /// <summary>The request asks for something that is not offered this way.</summary>
    public static ProtocolStatus Unsupported(string message) => new(501, GrpcCode.Unimplemented, message);

    /// <summary>The request asks for something that this server does not permit.</summary>
    public static ProtocolStatus Forbidden(string message) => new(403, GrpcCode.PermissionDenied, message);

    /// <summary>We or the backend failed.</summary>
    public static ProtocolStatus Internal(string message) => new(500, GrpcCode.Internal, message);

    /// <summary>The status of an ending.</summary>
    public static ProtocolStatus Of(in InferenceEnding ending) => ending.Kind switch
    {
        EndingKind.Completed => Ok,
        EndingKind.Invalid when ending.Reason == EndingReason.ActivationLimit => TooLarge(ending.Message!),
        EndingKind.Invalid => Invalid(ending.Message!),

        // Nobody reads this one; 499 is what proxies log for a caller that has gone.
        EndingKind.Cancelled => new ProtocolStatus(499, GrpcCode.Cancelled, ending.Message!),
        EndingKind.DeadlineExceeded when ending.Reason == EndingReason.QueueTimeout => Unavailable(ending.Message!),
        EndingKind.DeadlineExceeded => new ProtocolStatus(504, GrpcCode.DeadlineExceeded, ending.Message!),
        EndingKind.Shed => Unavailable(ending.Message!, ending.RetryAfter),
        _ => Internal(ending.Message!),
    };

    /// <summary>The status of a model that was not found or is not ready.</summary>
    public static ProtocolStatus Of(ModelLookup lookup, ReadOnlySpan<char> name, ReadOnlySpan<char> version) => lookup switch
    {
        ModelLookup.UnknownModel => NotFound($"Request for unknown model: '{name}' is not found"),
        ModelLookup.UnknownVersion => NotFound($"Request for unknown model: '{name}' version {version} is not found"),
        _ when version.IsEmpty => NotFound($"Request for unknown model: '{name}' has no available versions"),
        _ => Unavailable($"Request for unknown model: '{name}' version {version} is not at ready state"),
    };
}

/// <summary>The gRPC status codes (grpc/grpc, doc/statuscodes.md).</summary>
public enum GrpcCode : byte
{
    /// <summary>OK.</summary>
    Ok = 0,

    /// <summary>CANCELLED.</summary>
    Cancelled = 1,

    /// <summary>UNKNOWN.</summary>
    Unknown = 2,

    /// <summary>INVALID_ARGUMENT.</summary>
    InvalidArgument = 3,

    /// <summary>DEADLINE_EXCEEDED.</summary>
    DeadlineExceeded = 4,

    /// <summary>NOT_FOUND.</summary>
    NotFound = 5,

    /// <summary>ALREADY_EXISTS.</summary>
    AlreadyExists = 6,

    /// <summary>PERMISSION_DENIED.</summary>
    PermissionDenied = 7,

    /// <summary>RESOURCE_EXHAUSTED.</summary>
    ResourceExhausted = 8,

    /// <summary>FAILED_PRECONDITION.</summary>
    FailedPrecondition = 9,

    /// <summary>ABORTED.</summary>
    Aborted = 10,

    /// <summary>OUT_OF_RANGE.</summary>
    OutOfRange = 11,

    /// <summary>UNIMPLEMENTED.</summary>
    Unimplemented = 12,

    /// <summary>INTERNAL.</summary>
    Internal = 13,

    /// <summary>UNAVAILABLE.</summary>
    Unavailable = 14,

    /// <summary>DATA_LOSS.</summary>
    DataLoss = 15,

    /// <summary>UNAUTHENTICATED.</summary>
    Unauthenticated = 16,
}
