using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace Bedplate.Protocols.OpenInference.Rest.Compression;

/// <summary>How bytes are compressed on the wire (RFC 9110, 8.4.1).</summary>
internal enum ContentCoding : byte
{
    /// <summary>They are not.</summary>
    Identity = 0,

    /// <summary>RFC 1952.</summary>
    Gzip,

    /// <summary>RFC 1950: "deflate" is the zlib format, not bare RFC 1951.</summary>
    Deflate,
}

/// <summary>The headers that name codings.</summary>
internal static class ContentCodings
{
    /// <summary>Reads a Content-Encoding header: one coding, or none. False for one that is not offered.</summary>
    public static bool TryParse(in StringValues contentEncoding, out ContentCoding coding)
    {
        coding = ContentCoding.Identity;
        return contentEncoding.Count == 0 || (contentEncoding.Count == 1 && TryParse(contentEncoding[0].AsSpan().Trim(), out coding));
    }

    /// <summary>The name on the wire.</summary>
    public static string Name(this ContentCoding coding) => coding switch
    {
        ContentCoding.Gzip => "gzip",
        ContentCoding.Deflate => "deflate",
        _ => "identity",
    };

    /// <summary>
    /// The coding that an Accept-Encoding header likes best; identity where it names none of ours or likes them less.
    /// Of two equally liked the first is taken, as Triton does.
    /// </summary>
    public static ContentCoding Choose(in StringValues acceptEncoding)
    {
        // Each has the quality that names it, or else that of "*"; identity is acceptable although nothing names it.
        Span<float> qualities = stackalloc float[3];
        qualities.Fill(float.NaN);
        var anyOther = float.NaN;
        var best = ContentCoding.Identity;
        var bestQuality = 0f;
        foreach (var value in acceptEncoding)
        {
            foreach (var range in value.AsSpan().Split(','))
            {
                var element = value.AsSpan()[range];
                if (!TryParseElement(element, out var name, out var quality))
                {
                    continue;
                }

                if (name is "*")
                {
                    anyOther = quality;
                }
                else if (TryParse(name, out var coding))
                {
                    qualities[(int)coding] = quality;
                    if (quality > bestQuality)
                    {
                        best = coding;
                        bestQuality = quality;
                    }
                }
            }
        }

        if (anyOther > bestQuality && float.IsNaN(qualities[(int)ContentCoding.Gzip]))
        {
            return ContentCoding.Gzip;
        }

        return best;
    }

    private static bool TryParse(ReadOnlySpan<char> name, out ContentCoding coding)
    {
        if (name.Equals("gzip", StringComparison.OrdinalIgnoreCase) || name.Equals("x-gzip", StringComparison.OrdinalIgnoreCase))
        {
            coding = ContentCoding.Gzip;
            return true;
        }

        coding = name.Equals("deflate", StringComparison.OrdinalIgnoreCase) ? ContentCoding.Deflate : ContentCoding.Identity;
        return coding != ContentCoding.Identity || name.Equals("identity", StringComparison.OrdinalIgnoreCase);
    }

    // As in "gzip;q=0.5"; a quality that is none leaves the element out.
    private static bool TryParseElement(ReadOnlySpan<char> element, out ReadOnlySpan<char> name, out float quality)
    {
        quality = 1;
        var semicolon = element.IndexOf(';');
        name = (semicolon < 0 ? element : element[..semicolon]).Trim();
        if (semicolon < 0)
        {
            return !name.IsEmpty;
        }

        var parameter = element[(semicolon + 1)..].Trim();
        return parameter.StartsWith("q=", StringComparison.OrdinalIgnoreCase)
            && float.TryParse(parameter[2..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out quality)
            && quality is >= 0 and <= 1;
    }
}
