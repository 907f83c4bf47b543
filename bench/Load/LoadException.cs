namespace Bedplate.Bench.Load;

/// <summary>A measurement cannot be made. The message says what is wrong and what to do.</summary>
internal sealed class LoadException(string message) : Exception(message);
