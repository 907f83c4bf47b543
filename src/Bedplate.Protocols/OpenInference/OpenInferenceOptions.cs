namespace Bedplate.Protocols.OpenInference;

/// <summary>Bounds and switches of the Open Inference Protocol.</summary>
public sealed record OpenInferenceOptions
{
    /// <summary>The largest <see cref="MaxJsonDepth"/>.</summary>
    public const int DeepestJson = 1000;

    /// <summary>
    /// Most bytes of one request, in whatever encoding, after decompression. Default 64 MiB, Triton's own bound for
    /// JSON; gRPC messages can be allowed up to 2 GiB − 1, the most the protocol can carry.
    /// </summary>
    public long MaxRequestBytes { get; init; } = 64L << 20;

    /// <summary>
    /// Most requests of one ModelStreamInfer stream that are in work at the same time; no more are read until one is
    /// answered. Default 64, the most rows that learned batching puts together: one stream can fill a batch, and a
    /// client that does not read its answers ties up no more than that.
    /// </summary>
    public int MaxStreamConcurrency { get; init; } = 64;

    /// <summary>Deepest nesting of a JSON request. Default 100, as Triton's.</summary>
    public int MaxJsonDepth { get; init; } = 100;

    /// <summary>
    /// Whether an unready server or model answers health requests with 400, as Triton does, rather than with 503,
    /// which load balancers understand. Off by default.
    /// </summary>
    public bool TritonHealthStatus { get; init; }

    /// <summary>
    /// Whether a load request may bring a configuration and files of its own. Off by default: whoever may do that may
    /// run a model of their choice.
    /// </summary>
    public bool AllowLoadOverride { get; init; }

    /// <summary>Most bytes of all files that one load request brings. Default 2 GiB.</summary>
    public long MaxLoadOverrideBytes { get; init; } = 2L << 30;

    /// <summary>Everything that is wrong with the values, one sentence each; empty when nothing is.</summary>
    public IReadOnlyList<string> Validate()
    {
        var faults = new List<string>();
        if (MaxRequestBytes < 1)
        {
            faults.Add($"{nameof(MaxRequestBytes)} is {MaxRequestBytes}; it must be at least 1 byte.");
        }

        if (MaxStreamConcurrency < 1)
        {
            faults.Add($"{nameof(MaxStreamConcurrency)} is {MaxStreamConcurrency}; it must be at least 1.");
        }

        if (MaxJsonDepth is < 1 or > DeepestJson)
        {
            faults.Add($"{nameof(MaxJsonDepth)} is {MaxJsonDepth}; it must be from 1 to {DeepestJson}.");
        }

        if (MaxLoadOverrideBytes < 0)
        {
            faults.Add($"{nameof(MaxLoadOverrideBytes)} is {MaxLoadOverrideBytes}; it must not be negative.");
        }

        return faults;
    }
}
