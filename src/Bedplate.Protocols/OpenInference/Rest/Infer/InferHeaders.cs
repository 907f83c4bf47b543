using System.Globalization;
using Bedplate.Protocols.OpenInference.Configuration.Messages;
using Bedplate.Protocols.OpenInference.Rest.Compression;
using Microsoft.AspNetCore.Http;

namespace Bedplate.Protocols.OpenInference.Rest.Infer;

/// <summary>What the headers of an inference request say.</summary>
/// <param name="BodyLength">Bytes of the body before decompression; null when it is sent in chunks.</param>
/// <param name="HeaderLength">Bytes of the JSON at its beginning; 0 for none, −1 when all of it is JSON.</param>
/// <param name="Timeout">End-to-end deadline, from the arrival of the headers; zero for none.</param>
/// <param name="Coding">How the body is compressed.</param>
/// <param name="AnswerCoding">How the answer is to be compressed.</param>
internal readonly record struct InferHeaders(
    long? BodyLength, long HeaderLength, TimeSpan Timeout, ContentCoding Coding, ContentCoding AnswerCoding)
{
    /// <summary>The header with the JSON's length (Triton's binary tensor data extension).</summary>
    public const string HeaderLengthName = "Inference-Header-Content-Length";

    /// <summary>The header with the end-to-end deadline in milliseconds.</summary>
    public const string TimeoutName = "X-Request-Timeout-Ms";

    /// <summary>No request waits longer than a day.</summary>
    private const long LongestTimeoutMilliseconds = 24 * 60 * 60 * 1000;

    /// <summary>Reads them; false with the status of the first that is wrong.</summary>
    public static bool TryRead(HttpRequest request, long maxRequestBytes, out InferHeaders headers, out ProtocolStatus status)
    {
        headers = default;
        var given = request.Headers;
        if (!TryReadTimeout(given, out var timeout, out status))
        {
            return false;
        }

        if (!ContentCodings.TryParse(given.ContentEncoding, out var coding))
        {
            status = ProtocolStatus.Unsupported(
                $"Unsupported compression type '{Excerpt.Of(given.ContentEncoding.ToString())}'; Content-Encoding can be gzip, deflate or identity");
            return false;
        }

        var bodyLength = request.ContentLength;
        if (bodyLength > maxRequestBytes)
        {
            status = InferFaults.BodyTooLarge(maxRequestBytes, bodyLength);
            return false;
        }

        var plainLength = coding == ContentCoding.Identity ? bodyLength : null;
        if (!TryReadHeaderLength(given, plainLength ?? maxRequestBytes, out var headerLength, out status))
        {
            return false;
        }

        headers = new InferHeaders(bodyLength, headerLength, timeout, coding, ContentCodings.Choose(given.AcceptEncoding));
        return true;
    }

    private static bool TryReadTimeout(IHeaderDictionary headers, out TimeSpan timeout, out ProtocolStatus status)
    {
        timeout = TimeSpan.Zero;
        status = default;
        if (!headers.TryGetValue(TimeoutName, out var values))
        {
            return true;
        }

        if (values.Count == 1
            && long.TryParse(values[0], NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            && milliseconds is >= 1 and <= LongestTimeoutMilliseconds)
        {
            timeout = TimeSpan.FromMilliseconds(milliseconds);
            return true;
        }

        status = ProtocolStatus.Invalid(
            $"{TimeoutName} is '{Excerpt.Of(values.ToString())}'; it must be one whole number of milliseconds from 1 to {LongestTimeoutMilliseconds} (24 hours)");
        return false;
    }

    private static bool TryReadHeaderLength(IHeaderDictionary headers, long bodyLength, out long headerLength, out ProtocolStatus status)
    {
        headerLength = -1;
        status = default;
        if (!headers.TryGetValue(HeaderLengthName, out var values))
        {
            return true;
        }

        if (values.Count != 1 || !long.TryParse(values[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out headerLength))
        {
            status = ProtocolStatus.Invalid($"Unable to parse {HeaderLengthName}, got: {Excerpt.Of(values.ToString())}");
            return false;
        }

        if (headerLength < 0 || headerLength > bodyLength)
        {
            status = ProtocolStatus.Invalid($"inference header size should be in range (0, {bodyLength}), got: {headerLength}");
            return false;
        }

        return true;
    }
}
