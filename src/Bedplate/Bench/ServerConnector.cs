using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Bedplate.Bench.Clients.Sockets;

namespace Bedplate.Bench;

/// <summary>Finds the address that answers, once, and makes what all connections have in common.</summary>
internal static class ServerConnector
{
    /// <summary>
    /// A dialer for the first address of the target's name that takes a connection: "localhost" may have two, of which
    /// a server often listens on one.
    /// </summary>
    /// <exception cref="BenchException">The name is unknown, or no address takes a connection.</exception>
    public static async Task<Dialer> ConnectAsync(
        Target target, SslClientAuthenticationOptions? tls, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var reason = "its name has no address";
        foreach (var address in await ResolveAsync(target, cancellationToken))
        {
            var endPoint = new IPEndPoint(address, target.Port);
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(timeout);
            try
            {
                await socket.ConnectAsync(endPoint, limit.Token);
                return new Dialer(endPoint, tls);
            }
            catch (SocketException exception)
            {
                reason = exception.Message;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                reason = "no connection within --timeout-ms";
            }
        }

        throw Unreachable(target, reason);
    }

    /// <summary>How TLS is spoken; null for a plain target.</summary>
    /// <exception cref="BenchException">The file of authorities cannot be read.</exception>
    public static SslClientAuthenticationOptions? CreateTls(BenchOptions options)
    {
        if (!options.Target.IsTls)
        {
            return null;
        }

        var isGrpc = options.Target.Protocol == InferenceProtocol.Grpc;
        var tls = new SslClientAuthenticationOptions
        {
            TargetHost = options.Target.Host,
            ApplicationProtocols = [isGrpc ? SslApplicationProtocol.Http2 : SslApplicationProtocol.Http11],
        };
        if (options.TlsSkipVerify)
        {
            // Asked for by name, for a server under test with a certificate that nobody signed.
#pragma warning disable CA5359
            tls.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (options.TlsCaFile is { } path)
        {
            tls.CertificateChainPolicy = TrustOnly(path);
        }

        return tls;
    }

    private static X509ChainPolicy TrustOnly(string path)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(path);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new BenchException(BenchExitCode.Usage, $"--tls-ca-file '{path}': {exception.Message}", exception);
        }

        return policy.CustomTrustStore.Count > 0
            ? policy
            : throw new BenchException(BenchExitCode.Usage, $"--tls-ca-file '{path}': there is no PEM certificate in it.");
    }

    private static async Task<IPAddress[]> ResolveAsync(Target target, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(target.Host, out var address))
        {
            return [address];
        }

        try
        {
            return await Dns.GetHostAddressesAsync(target.Host, cancellationToken);
        }
        catch (SocketException exception)
        {
            throw Unreachable(target, exception.Message);
        }
    }

    private static BenchException Unreachable(Target target, string reason) => new(
        BenchExitCode.Unreachable,
        $"{target} cannot be reached: {reason}. Check --url and --protocol, and that the server runs.");
}
