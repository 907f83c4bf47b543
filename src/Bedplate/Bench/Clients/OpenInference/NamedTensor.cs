using Bedplate.Tensors;

namespace Bedplate.Bench.Clients.OpenInference;

/// <summary>
/// One tensor of a request or an answer: its elements in the protocol's binary layout (row-major, little-endian,
/// BYTES with their lengths in front), whatever the wire had.
/// </summary>
internal sealed record NamedTensor(string Name, DataType Type, TensorShape Shape, byte[] Data);
