using System.Buffers;
using System.IO.Pipelines;
using Bedplate.Inference.Models;
using Bedplate.Protocols;
using Bedplate.Protocols.OpenInference;
using Bedplate.Protocols.OpenInference.Rest.Infer;

namespace Bedplate.Tests.Unit.Protocols.Rest;

/// <summary>The JSON of a request, read into a request of a model.</summary>
internal sealed class ParsedRequest : IDisposable
{
    private ParsedRequest(ServedModel model, byte[] json, OpenInferenceOptions options)
    {
        Exchange.Begin(model.TryRent()!);
        Exchange.Body.Begin(PipeReader.Create(new ReadOnlySequence<byte>(json)), json.Length, options.MaxRequestBytes, model.Memory);
        var read = Exchange.Body.ReadTextAsync(-1);
        Assert.Equal(BodyOutcome.Complete, read.IsCompletedSuccessfully ? read.Result : BodyOutcome.Short);
        IsAccepted = InferRequestParser.TryParse(Exchange, options, hasHeaderLength: false, binaryLength: 0);
        Assert.Equal(IsAccepted, Exchange.Failure.IsOk);
    }

    /// <summary>The exchange.</summary>
    public InferExchange Exchange { get; } = new();

    /// <summary>Whether the request is one.</summary>
    public bool IsAccepted { get; }

    /// <summary>Why not.</summary>
    public ProtocolStatus Failure => Exchange.Failure;

    /// <summary>Reads a text.</summary>
    public static ParsedRequest Read(ServedModel model, byte[] json, OpenInferenceOptions? options = null) => new(model, json, options ?? new OpenInferenceOptions());

    /// <inheritdoc/>
    public void Dispose() => Exchange.TryReset();
}
