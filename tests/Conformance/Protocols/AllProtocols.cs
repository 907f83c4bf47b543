using Bedplate.Tests.TestKit.Grpc;

namespace Bedplate.Tests.Conformance.Protocols;

/// <summary>
/// Asks the same of a model over REST with binary data, gRPC and REST with JSON. Their answers must be equal bit for
/// bit, and what JSON cannot carry must be refused; anything else is answered as an error that says which of them it is.
/// </summary>
internal sealed class AllProtocols(HttpClient http, GrpcTestClient grpc) : IInferenceProtocol
{
    /// <summary>Each by itself. JSON is last: whether it can carry an answer is known from the others'.</summary>
    public IReadOnlyList<IInferenceProtocol> Each { get; } = [new RestBinary(http), new GrpcRaw(grpc), new RestJson(http)];

    public Task<InferAnswer> InferAsync(string model, IReadOnlyList<TensorValue> inputs, CancellationToken cancellationToken) =>
        InferAsync(model, inputs, TensorDifference.BetweenAnswers, cancellationToken);

    /// <summary>Asks, and compares the answers with <paramref name="difference"/>.</summary>
    public async Task<InferAnswer> InferAsync(
        string model, IReadOnlyList<TensorValue> inputs, Func<TensorValue, TensorValue, string?> difference, CancellationToken cancellationToken)
    {
        InferAnswer? first = null;
        foreach (var protocol in Each)
        {
            var answer = await protocol.InferAsync(model, inputs, cancellationToken);
            if (protocol is RestJson && !inputs.Concat(first!.Outputs).All(tensor => JsonElements.Carries(tensor.Type)))
            {
                if (!IsRefusalOfJson(answer))
                {
                    return InferAnswer.Failed($"{protocol} cannot carry these types, and answered {answer.Error ?? "with success"}");
                }
            }
            else if (answer.Error is not null)
            {
                return InferAnswer.Failed($"{protocol}: {answer.Error}");
            }
            else if (Difference(first ??= answer, answer, difference) is { } fault)
            {
                return InferAnswer.Failed($"{protocol} differs from {Each[0]}: {fault}");
            }
        }

        return first!;
    }

    private static bool IsRefusalOfJson(InferAnswer answer) =>
        answer.Error is not null
        && answer.Error.StartsWith("400 ", StringComparison.Ordinal)
        && answer.Error.Contains("via JSON is not supported", StringComparison.Ordinal);

    private static string? Difference(InferAnswer first, InferAnswer second, Func<TensorValue, TensorValue, string?> difference) =>
        first.Outputs.Count != second.Outputs.Count
            ? $"{second.Outputs.Count} outputs, not {first.Outputs.Count}"
            : first.Outputs.Zip(second.Outputs, difference).FirstOrDefault(fault => fault is not null);
}
