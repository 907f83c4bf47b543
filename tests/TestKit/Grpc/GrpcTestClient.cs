using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;

namespace Bedplate.Tests.TestKit.Grpc;

/// <summary>A gRPC client over HttpClient that speaks frames by hand.</summary>
public sealed class GrpcTestClient(Uri address) : IDisposable
{
    private const string Inference = "/inference.GRPCInferenceService/";

    // Nothing here takes long; what does, hangs.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http = new(new SocketsHttpHandler { EnableMultipleHttp2Connections = true })
    {
        BaseAddress = address,
        Timeout = Patience,
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    /// <summary>Calls a method of the inference service with one message.</summary>
    public async Task<TResponse> InvokeAsync<TResponse>(string method, IMessage request)
        where TResponse : IMessage<TResponse>, new()
    {
        var result = await CallAsync(Inference + method, GrpcFrame.Of(request));
        return result.Single<TResponse>();
    }

    /// <summary>Calls a method of the inference service with one message, for whatever comes of it.</summary>
    public Task<GrpcTestResult> CallAsync(string method, IMessage request, params (string Name, string Value)[] headers) =>
        CallAsync(Inference + method, GrpcFrame.Of(request), headers);

    /// <summary>Calls a method of the inference service with one message; cancelling resets the stream.</summary>
    public Task<GrpcTestResult> CallAsync(string method, IMessage request, CancellationToken cancellationToken) =>
        CallAsync(Inference + method, GrpcFrame.Of(request), cancellationToken);

    /// <summary>Calls a path with any bytes and reads the response to its end.</summary>
    public Task<GrpcTestResult> CallAsync(string path, byte[] body, params (string Name, string Value)[] headers) =>
        CallAsync(path, body, CancellationToken.None, headers);

    /// <summary>Calls a path with any bytes and reads the response to its end; cancelling resets the stream.</summary>
    public async Task<GrpcTestResult> CallAsync(
        string path, byte[] body, CancellationToken cancellationToken, params (string Name, string Value)[] headers)
    {
        using var request = CreateRequest(path, new ByteArrayContent(body), headers);
        using var response = await _http.SendAsync(request, cancellationToken);
        var content = await response.Content.ReadAsByteArrayAsync();
        return new GrpcTestResult(response, content);
    }

    /// <summary>Opens a stream in both directions.</summary>
    public async Task<GrpcTestDuplex> OpenAsync(string path, params (string Name, string Value)[] headers)
    {
        var content = new GrpcTestDuplex.RequestContent();
        var request = CreateRequest(path, content, headers);
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return new GrpcTestDuplex(content, response, await response.Content.ReadAsStreamAsync());
    }

    /// <summary>Sends one message and reads a stream of responses.</summary>
    public Task<GrpcTestDuplex> OpenAsync(string path, IMessage message) => OpenAsync(path, GrpcFrame.Of(message), isWhole: true);

    /// <summary>Sends bytes, which need not be all that the request says it has, and reads a stream of responses.</summary>
    public async Task<GrpcTestDuplex> OpenAsync(string path, byte[] body, bool isWhole)
    {
        var content = new GrpcTestDuplex.RequestContent();
        var sending = _http.SendAsync(CreateRequest(path, content), HttpCompletionOption.ResponseHeadersRead);
        var stream = await content.Stream.WaitAsync(Patience);
        await stream.WriteAsync(body);
        await stream.FlushAsync();
        if (isWhole)
        {
            content.End();
        }

        var response = await sending;
        return new GrpcTestDuplex(content, response, await response.Content.ReadAsStreamAsync());
    }

    /// <summary>Opens ModelStreamInfer.</summary>
    public Task<GrpcTestDuplex> OpenInferAsync(params (string Name, string Value)[] headers) => OpenAsync(Inference + "ModelStreamInfer", headers);

    /// <summary>Sends a request as it is.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken = default) =>
        _http.SendAsync(request, cancellationToken);

    /// <summary>A call's request.</summary>
    public static HttpRequestMessage CreateRequest(string path, HttpContent content, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = content,
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        foreach (var (name, value) in headers)
        {
            if (name == "content-type")
            {
                content.Headers.Remove(name);
                content.Headers.TryAddWithoutValidation(name, value);
            }
            else
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return request;
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();
}
