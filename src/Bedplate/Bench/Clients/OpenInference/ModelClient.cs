using System.Net.Security;
using System.Net.Sockets;

namespace Bedplate.Bench.Clients.OpenInference;

/// <summary>
/// Asks the server about the model, and for single answers, outside of any measurement; so it is .NET's HTTP client,
/// and a second opinion on what our own lean clients read.
/// </summary>
internal abstract class ModelClient : IDisposable
{
    protected ModelClient(Target target, SslClientAuthenticationOptions? tls, TimeSpan timeout)
    {
        Target = target;
        var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false };
        if (tls is not null)
        {
            handler.SslOptions = new SslClientAuthenticationOptions
            {
                TargetHost = tls.TargetHost,
                RemoteCertificateValidationCallback = tls.RemoteCertificateValidationCallback,
                CertificateChainPolicy = tls.CertificateChainPolicy,
            };
        }

        Http = new HttpClient(handler) { Timeout = timeout };
    }

    /// <summary>Where the server is.</summary>
    protected Target Target { get; }

    /// <summary>The client underneath.</summary>
    protected HttpClient Http { get; }

    /// <summary>The model's inputs and outputs.</summary>
    /// <exception cref="BenchException">The server is not there, or does not serve the model.</exception>
    public abstract Task<ModelMetadata> GetMetadataAsync(CancellationToken cancellationToken);

    /// <summary>The model's counters; null when the server does not have the statistics extension.</summary>
    /// <exception cref="BenchException">The server is not there.</exception>
    public abstract Task<ServerStatistics?> GetStatisticsAsync(CancellationToken cancellationToken);

    /// <summary>One answer.</summary>
    /// <exception cref="BenchException">There was none.</exception>
    public abstract Task<NamedTensor[]> InferAsync(RenderedRequest request, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => Http.Dispose();

    /// <summary>Sends, and says in a sentence why there is no response.</summary>
    protected async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await Http.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            throw Unreachable(Reason(exception), exception);
        }
        catch (TaskCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw Unreachable($"no answer within {Http.Timeout.TotalSeconds:0.###} s (--timeout-ms)", exception);
        }
    }

    private BenchException Unreachable(string reason, Exception cause) => new(
        BenchExitCode.Unreachable,
        $"{Target} cannot be reached: {reason}. Check --url and --protocol, and that the server runs.",
        cause);

    private static string Reason(HttpRequestException exception) => exception switch
    {
        { InnerException: SocketException socket } => socket.Message,
        { HttpRequestError: HttpRequestError.SecureConnectionError, InnerException: { } inner } =>
            $"{inner.Message} (--tls-ca-file names an authority to trust, --tls-skip-verify trusts any)",
        _ => (exception.InnerException ?? exception).Message.TrimEnd('.'),
    };
}
