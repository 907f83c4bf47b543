using System.IO.Pipelines;
using System.Text;
using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference;
using Bedplate.Protocols.OpenInference.Rest.Infer;
using Microsoft.AspNetCore.Http;

namespace Bedplate.Tests.Fuzz.Rest;

/// <summary>
/// The real way of a request from its headers and its body into an inference request. One exchange serves all, as the
/// pooled ones of a server do, so that what one request leaves behind shows in the next.
/// </summary>
internal sealed class InferReading
{
    private static readonly TimeSpan LongestReading = TimeSpan.FromSeconds(30);
    private static readonly OpenInferenceOptions Options = new() { MaxRequestBytes = 1 << 20 };
    private readonly InferExchange _exchange = new();
    private readonly InferReader _reader = new(Options);

    /// <summary>Reads a request for a model.</summary>
    public InferOutcome Read(ServedModel model, InferBodyCase given, PipeReader body)
    {
        var http = new DefaultHttpContext();
        if (given.HeaderLength is not null)
        {
            http.Request.Headers[InferHeaders.HeaderLengthName] = given.HeaderLength;
        }

        http.Request.ContentLength = given.IsLengthKnown ? given.Body.Length : null;
        if (!InferHeaders.TryRead(http.Request, Options.MaxRequestBytes, out var headers, out var status))
        {
            return InferOutcome.RefusedFor(status);
        }

        _exchange.Begin(model.TryRent()!);
        _exchange.Body.Begin(body, headers.BodyLength, Options.MaxRequestBytes, model.Memory);
        try
        {
            // The body never lets the reader wait, but for a long text it goes on upon the thread pool.
            var reading = _reader.ReadAsync(_exchange, headers.HeaderLength, headers.BodyLength).AsTask();
            var isRead = reading.WaitAsync(LongestReading).GetAwaiter().GetResult();
            Assert.Equal(isRead, _exchange.Failure.IsOk);
            return isRead ? OutcomeOf(model) : InferOutcome.RefusedFor(_exchange.Failure);
        }
        finally
        {
            _exchange.TryReset();
        }
    }

    private InferOutcome OutcomeOf(ServedModel model)
    {
        var request = _exchange.Request;
        var outcome = new InferOutcome(true)
        {
            Id = Encoding.UTF8.GetString(_exchange.RawId),
            Priority = request.Priority,
            QueueTimeout = request.QueueTimeout,
            Parameters = request.Parameters is null ? [] : new(request.Parameters),
        };
        for (var i = 0; i < model.Signature.Inputs.Length; i++)
        {
            if (request.Inputs[i].IsPresent)
            {
                outcome.Inputs[i] = (request.Inputs[i].Shape, request.Inputs[i].Bytes.ToArray());
            }
        }

        foreach (var output in _exchange.Outputs)
        {
            outcome.Outputs.Add($"{output.Index} {output.Form}{(output.Classes > 0 ? $" {output.Classes}" : "")}");
        }

        return outcome;
    }
}
