namespace Bedplate.Inference.Onnx.Signatures;

/// <summary>Which outputs of the signature are made from one output of the runtime.</summary>
/// <param name="Name">The runtime's name for it.</param>
/// <param name="Form">What it is.</param>
/// <param name="ValuesIndex">The signature's output under the same name; −1 when it is not served.</param>
/// <param name="KeysIndex">The signature's output with a map's keys; −1 when there is none or it is not served.</param>
internal sealed record OutputBinding(string Name, OutputForm Form, int ValuesIndex, int KeysIndex);
