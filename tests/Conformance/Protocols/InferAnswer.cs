namespace Bedplate.Tests.Conformance.Protocols;

/// <summary>What a server answered to an inference: outputs, or an error.</summary>
/// <param name="Outputs">The outputs in the answer's order; empty with an error.</param>
/// <param name="Error">Status and text of the error; null for success.</param>
internal sealed record InferAnswer(IReadOnlyList<TensorValue> Outputs, string? Error)
{
    /// <summary>The output of that name of an answer that must be a success.</summary>
    public TensorValue this[string name] => Error is null
        ? Outputs.Single(output => output.Name == name)
        : throw new InvalidOperationException(Error);

    public static InferAnswer Of(IReadOnlyList<TensorValue> outputs) => new(outputs, null);

    public static InferAnswer Failed(string error) => new([], error);
}
