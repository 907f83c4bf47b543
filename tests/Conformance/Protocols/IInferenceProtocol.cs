namespace Bedplate.Tests.Conformance.Protocols;

/// <summary>A way to have a model infer.</summary>
internal interface IInferenceProtocol
{
    /// <summary>Sends one request and reads its answer.</summary>
    /// <param name="model">The model, and after a slash its version where one is meant.</param>
    /// <param name="inputs">The inputs.</param>
    /// <param name="cancellationToken">Gives the request up.</param>
    Task<InferAnswer> InferAsync(string model, IReadOnlyList<TensorValue> inputs, CancellationToken cancellationToken);
}
