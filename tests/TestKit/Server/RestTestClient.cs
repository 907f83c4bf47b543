using System.Text;

namespace Bedplate.Tests.TestKit.Server;

/// <summary>A client of a server's REST binding. It does not decompress.</summary>
public sealed class RestTestClient(Uri address) : IDisposable
{
    /// <summary>Where the server listens.</summary>
    public Uri Address => address;

    /// <summary>The client beneath.</summary>
    public HttpClient Http { get; } = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = address };

    /// <summary>Posts JSON and reads the whole answer.</summary>
    public Task<RestTestAnswer> PostAsync(string path, string json, params (string Name, string Value)[] headers) =>
        PostAsync(path, Encoding.UTF8.GetBytes(json), headers);

    /// <summary>Posts bytes and reads the whole answer.</summary>
    public async Task<RestTestAnswer> PostAsync(string path, byte[] body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        return await SendAsync(request, headers);
    }

    /// <summary>Gets and reads the whole answer.</summary>
    public async Task<RestTestAnswer> GetAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        return await SendAsync(request);
    }

    /// <summary>Sends a request and reads the whole answer.</summary>
    public Task<RestTestAnswer> SendAsync(HttpRequestMessage request, params (string Name, string Value)[] headers) =>
        SendAsync(request, CancellationToken.None, headers);

    /// <summary>Sends a request and reads the whole answer; cancelling closes the connection.</summary>
    public async Task<RestTestAnswer> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken, params (string Name, string Value)[] headers)
    {
        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content!.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using var response = await Http.SendAsync(request, cancellationToken);
        return await RestTestAnswer.ReadAsync(response);
    }

    /// <summary>A connection whose bytes are the test's own.</summary>
    public RawConnection Connect() => new(address.Port);

    /// <inheritdoc/>
    public void Dispose() => Http.Dispose();
}
