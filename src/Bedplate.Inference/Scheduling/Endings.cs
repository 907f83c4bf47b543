using Bedplate.Tensors;

namespace Bedplate.Inference.Scheduling;

/// <summary>
/// The endings a scheduler gives, with their texts. Where Triton's clients match on a text, ours begins with the same
/// words.
/// </summary>
internal static class Endings
{
    private static readonly TimeSpan SoonestRetry = TimeSpan.FromMilliseconds(10);

    public static InferenceEnding QueueFull(string model, int waiting, TimeSpan retryAfter) => new(
        EndingKind.Shed, EndingReason.QueueFull,
        $"Exceeds maximum queue size: {waiting} requests wait for model '{model}'.", AtLeastSoon(retryAfter));

    public static InferenceEnding QueueTimeout { get; } = new(
        EndingKind.DeadlineExceeded, EndingReason.QueueTimeout, "Request timeout expired");

    public static InferenceEnding DeadlinePassed { get; } = new(
        EndingKind.DeadlineExceeded, EndingReason.DeadlinePassed,
        "Deadline exceeded: the request's end-to-end deadline passed before an answer was ready.");

    public static InferenceEnding Unattainable(string model, TimeSpan expected, TimeSpan retryAfter) => new(
        EndingKind.Shed, EndingReason.DeadlineUnattainable,
        $"Overloaded: an answer of model '{model}' would take {expected.TotalMilliseconds:0} ms, which is after the request's deadline.",
        AtLeastSoon(retryAfter));

    public static InferenceEnding MemoryLimit(string model) => new(
        EndingKind.Shed, EndingReason.MemoryLimit,
        $"Overloaded: the memory for requests in flight does not hold a further request of model '{model}'.", TimeSpan.FromSeconds(1));

    public static InferenceEnding ActivationLimit(string model, long inputBytes, long expectedBytes, long limitBytes) => new(
        EndingKind.Invalid, EndingReason.ActivationLimit,
        $"The request is too large: {ByteSize.Format(inputBytes)} of input would need about {ByteSize.Format(expectedBytes)} of "
        + $"working memory in model '{model}', and {ByteSize.Format(limitBytes)} is allowed. Send smaller inputs, or raise the activation limit.");

    public static InferenceEnding Terminated { get; } = new(
        EndingKind.Failed, EndingReason.Terminated, "The run was stopped because nobody waited for it any more.");

    public static InferenceEnding Failed(string model, string? message) => new(
        EndingKind.Failed, EndingReason.BackendError, $"Model '{model}' failed: {message}");

    public static InferenceEnding Invalid(string message) => new(EndingKind.Invalid, EndingReason.None, message);

    private static TimeSpan AtLeastSoon(TimeSpan retryAfter) => retryAfter > SoonestRetry ? retryAfter : SoonestRetry;
}
