using System.Buffers;
using System.Globalization;

namespace Bedplate.Bench;

/// <summary>The headers that every request of a run has, beyond what its protocol needs.</summary>
internal static class RequestHeaders
{
    /// <summary>What the headers given may take, well below the 16 KiB of an HTTP/2 frame.</summary>
    public const int LargestTotal = 8 * 1024;

    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~");

    private static readonly string[] Reserved =
    [
        "host", "content-length", "content-type", "transfer-encoding", "connection", "te",
        "inference-header-content-length", "x-request-timeout-ms", "grpc-timeout",
    ];

    /// <summary>Whether a header can be sent as given.</summary>
    public static bool IsValid(string name, string value) =>
        name.Length > 0
        && name.AsSpan().IndexOfAnyExcept(NameCharacters) < 0
        && value.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0;

    /// <summary>Whether the client writes a header of this name itself.</summary>
    public static bool IsReserved(string name) => Reserved.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>The headers given, and the deadline as the protocol has it.</summary>
    public static List<KeyValuePair<string, string>> Of(BenchOptions options)
    {
        var isGrpc = options.Target.Protocol == InferenceProtocol.Grpc;
        var headers = options.Headers
            .Select(header => KeyValuePair.Create(isGrpc ? header.Key.ToLowerInvariant() : header.Key, header.Value))
            .ToList();
        if (options.Deadline is { } deadline)
        {
            // Both are whole numbers; a deadline is not shortened by rounding.
            var milliseconds = Math.Ceiling(deadline.TotalMilliseconds).ToString("0", CultureInfo.InvariantCulture);
            headers.Add(isGrpc
                ? KeyValuePair.Create("grpc-timeout", milliseconds + "m")
                : KeyValuePair.Create("X-Request-Timeout-Ms", milliseconds));
        }

        return headers;
    }
}
