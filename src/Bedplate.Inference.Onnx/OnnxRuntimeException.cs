namespace Bedplate.Inference.Onnx;

/// <summary>ONNX Runtime refused a call. The message is the runtime's own text.</summary>
public sealed class OnnxRuntimeException(OrtErrorCode code, string message) : Exception(message)
{
    /// <summary>The kind of error.</summary>
    public OrtErrorCode Code { get; } = code;
}
