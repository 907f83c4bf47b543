using System.Globalization;

namespace Bedplate.Bench;

/// <summary>The two protocols of an Open Inference server.</summary>
internal enum InferenceProtocol
{
    /// <summary>REST over HTTP/1.1.</summary>
    Http,

    /// <summary>gRPC over HTTP/2.</summary>
    Grpc,
}

/// <summary>Where the server is: what <c>--url</c> and <c>--protocol</c> say together.</summary>
/// <param name="Protocol">How it is spoken to.</param>
/// <param name="IsTls">Whether the connection is encrypted.</param>
/// <param name="Host">A name or an address, without brackets.</param>
/// <param name="Port">A TCP port.</param>
/// <param name="BasePath">What stands before "/v2", as in "/p/acme"; empty for gRPC.</param>
internal sealed record Target(InferenceProtocol Protocol, bool IsTls, string Host, int Port, string BasePath)
{
    private const int DefaultHttpPort = 8000;
    private const int DefaultGrpcPort = 8001;

    /// <summary>Host and port as the Host header and :authority have them.</summary>
    public string Authority => string.Create(
        CultureInfo.InvariantCulture, $"{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port}");

    /// <inheritdoc/>
    public override string ToString() => $"{SchemeOf(Protocol, IsTls)}://{Authority}{BasePath}";

    /// <summary>
    /// Reads an address: "host", "host:port", or a URL with the scheme http, https, grpc or grpcs. A scheme decides
    /// the protocol; <paramref name="protocol"/> null means that none was asked for.
    /// </summary>
    public static Target? Parse(string? text, InferenceProtocol? protocol, out string fault)
    {
        fault = "";
        text ??= "localhost";
        var isTls = false;
        var rest = text;
        if (text.IndexOf("://", StringComparison.Ordinal) is var separator and >= 0)
        {
            var scheme = text[..separator];
            rest = text[(separator + 3)..];
            InferenceProtocol? named = scheme switch
            {
                "http" or "https" => InferenceProtocol.Http,
                "grpc" or "grpcs" => InferenceProtocol.Grpc,
                _ => null,
            };
            if (named is null || (protocol is not null && protocol != named))
            {
                fault = named is null
                    ? $"--url '{text}': the scheme '{scheme}' is not known; use http, https, grpc or grpcs."
                    : $"--url '{text}' and --protocol disagree; leave one of them out.";
                return null;
            }

            protocol = named;
            isTls = scheme is "https" or "grpcs";
        }

        var spoken = protocol ?? InferenceProtocol.Http;
        if (!Uri.TryCreate($"http://{rest}", UriKind.Absolute, out var uri)
            || uri.Host.Length == 0 || uri.UserInfo.Length > 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0)
        {
            fault = $"--url '{text}' is not an address; give HOST[:PORT] or a URL, as in localhost:8000 or grpc://10.0.0.5:8001.";
            return null;
        }

        var path = uri.AbsolutePath.TrimEnd('/');
        if (path.EndsWith("/v2", StringComparison.Ordinal))
        {
            path = path[..^3];
        }

        if (spoken == InferenceProtocol.Grpc && path.Length > 0)
        {
            fault = $"--url '{text}': gRPC has no path; leave '{uri.AbsolutePath}' out.";
            return null;
        }

        var port = HasPort(rest) ? uri.Port : spoken == InferenceProtocol.Grpc ? DefaultGrpcPort : DefaultHttpPort;
        return new Target(spoken, isTls, uri.IdnHost.Trim('[', ']'), port, path);
    }

    // Uri takes :80 for the default and forgets it, which here it is not.
    private static bool HasPort(string address)
    {
        var slash = address.IndexOf('/', StringComparison.Ordinal);
        var authority = slash < 0 ? address : address[..slash];
        return authority.LastIndexOf(':') > authority.LastIndexOf(']');
    }

    private static string SchemeOf(InferenceProtocol protocol, bool isTls) => (protocol, isTls) switch
    {
        (InferenceProtocol.Http, false) => "http",
        (InferenceProtocol.Http, true) => "https",
        (InferenceProtocol.Grpc, false) => "grpc",
        _ => "grpcs",
    };
}
