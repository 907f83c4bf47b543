using System.Net;
using System.Net.Security;

namespace Bedplate.Bench.Clients.Sockets;

/// <summary>
/// Makes connections to one server address. The name was resolved once, so that no lookup is measured.
/// </summary>
internal sealed class Dialer(EndPoint endPoint, SslClientAuthenticationOptions? tls)
{
    /// <summary>A transport that has begun to connect.</summary>
    public Transport Dial() => tls is null ? new PlainTransport(endPoint) : new TlsTransport(endPoint, tls);
}
