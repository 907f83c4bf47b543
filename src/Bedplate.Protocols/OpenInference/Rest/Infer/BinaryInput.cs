using Bedplate.Tensors;

namespace Bedplate.Protocols.OpenInference.Rest.Infer;

/// <summary>An input whose bytes follow the JSON.</summary>
/// <param name="Index">Its place in the model's signature.</param>
/// <param name="Shape">Its shape, found right for the model.</param>
/// <param name="ElementCount">The product of the shape.</param>
/// <param name="ByteLength">Its bytes; for types of fixed size, right for the shape.</param>
internal readonly record struct BinaryInput(int Index, TensorShape Shape, long ElementCount, long ByteLength);
