namespace Bedplate.Server;

/// <summary>The server cannot start. The message says why and what to do.</summary>
public sealed class ServerStartException(string message, Exception? inner = null) : Exception(message, inner);
