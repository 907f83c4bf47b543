namespace Bedplate.Samples.Ocr.Serving;

/// <summary>The server cannot be reached, or did not answer as it should; the message says what to do.</summary>
internal sealed class InferenceException(string message, Exception? inner = null) : Exception(message, inner);
