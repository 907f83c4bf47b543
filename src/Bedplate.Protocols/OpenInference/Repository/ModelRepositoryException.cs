namespace Bedplate.Protocols.OpenInference.Repository;

/// <summary>
/// A repository as a whole cannot be read, so that nothing can be said about its models; in particular not that they
/// are gone.
/// </summary>
public sealed class ModelRepositoryException(string message, Exception? inner = null) : Exception(message, inner);
