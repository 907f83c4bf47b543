using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using Bedplate.Bench.Clients.Grpc;
using Bedplate.Bench.Measurement;

namespace Bedplate.Bench.Clients.OpenInference;

/// <summary>The model by gRPC: ModelMetadata, ModelStatistics, ModelInfer.</summary>
internal sealed class GrpcModelClient(
    Target target,
    SslClientAuthenticationOptions? tls,
    TimeSpan timeout,
    string model,
    string version,
    IReadOnlyList<KeyValuePair<string, string>> headers)
    : ModelClient(target, tls, timeout)
{
    private const int Ok = 0;
    private const int Unknown = 2;

    /// <inheritdoc/>
    public override async Task<ModelMetadata> GetMetadataAsync(CancellationToken cancellationToken)
    {
        var answer = await CallAsync(GrpcMessages.ModelMetadata, ModelRequest(), cancellationToken);
        if (answer.Status != Ok)
        {
            throw new BenchException(
                BenchExitCode.ModelUnavailable,
                $"{Target} does not give the metadata of model '{model}' (gRPC {Outcome.GrpcName(answer.Status)}: {answer.Text}). Check --model and --model-version.");
        }

        try
        {
            return GrpcMessages.ReadMetadata(answer.Message.Span);
        }
        catch (Exception exception) when (exception is InvalidDataException or ArgumentException)
        {
            throw new BenchException(
                BenchExitCode.ModelUnavailable,
                $"{Target} does not speak the Open Inference Protocol: its ModelMetadata response does not decode ({exception.Message}).",
                exception);
        }
    }

    /// <inheritdoc/>
    public override async Task<ServerStatistics?> GetStatisticsAsync(CancellationToken cancellationToken)
    {
        var answer = await CallAsync(GrpcMessages.ModelStatistics, ModelRequest(), cancellationToken);
        try
        {
            return answer.Status == Ok ? GrpcMessages.ReadStatistics(answer.Message.Span) : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public override async Task<NamedTensor[]> InferAsync(RenderedRequest request, CancellationToken cancellationToken)
    {
        var answer = await CallAsync(GrpcMessages.ModelInfer, request.Body, cancellationToken);
        if (answer.Status != Ok)
        {
            throw new BenchException(
                BenchExitCode.ModelUnavailable, $"gRPC {Outcome.GrpcName(answer.Status)}: {answer.Text}");
        }

        try
        {
            return GrpcMessages.ReadAnswer(answer.Message.Span);
        }
        catch (InvalidDataException exception)
        {
            throw new BenchException(BenchExitCode.ModelUnavailable, exception.Message, exception);
        }
    }

    private byte[] ModelRequest() => GrpcRequestRenderer.Prefix(GrpcMessages.ModelRequest(model, version));

    private async Task<Answer> CallAsync(string path, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{(Target.IsTls ? "https" : "http")}://{Target.Authority}{path}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ReadOnlyMemoryContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await SendAsync(request, cancellationToken);
        var message = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            return new Answer(Unknown, $"HTTP {(int)response.StatusCode}", default);
        }

        // A response without a body has its status in the headers, which are then the trailers.
        var status = Find(response, "grpc-status") is { } code && int.TryParse(code, out var number) ? number : Unknown;
        var text = ServerMessage.Read(System.Text.Encoding.UTF8.GetBytes(Find(response, "grpc-message") ?? ""));
        if (status != Ok)
        {
            return new Answer(status, text, default);
        }

        return message.Length >= GrpcStream.PrefixLength
            && BinaryPrimitives.ReadUInt32BigEndian(message.AsSpan(1)) == message.Length - GrpcStream.PrefixLength
            ? new Answer(Ok, text, message.AsMemory(GrpcStream.PrefixLength))
            : new Answer(Unknown, "the answer is not one gRPC message", default);
    }

    private static string? Find(HttpResponseMessage response, string name) =>
        response.TrailingHeaders.TryGetValues(name, out var values) || response.Headers.TryGetValues(name, out values)
            ? values.FirstOrDefault()
            : null;

    private readonly record struct Answer(int Status, string Text, ReadOnlyMemory<byte> Message);
}
