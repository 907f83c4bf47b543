namespace Bedplate.Inference.Onnx;

/// <summary>
/// ONNX Runtime cannot be set up as the options ask: the library is missing, too old or not one, an option is out of
/// range, an execution provider is not there, or this process holds a runtime that is set up differently. The message
/// is for the operator and names the option.
/// </summary>
public sealed class OnnxRuntimeSetupException(string message, Exception? inner = null) : Exception(message, inner);
