using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Tests.Conformance.Onnx;

/// <summary>What an ONNX input or output is (TypeProto).</summary>
internal enum OnnxValueKind
{
    Tensor = 1,
    Sequence = 4,
    Map = 5,
    SparseTensor = 8,
    Optional = 9,
}

/// <summary>An input or output as a model file declares it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Element">Element type of a tensor or of a sequence's tensors; 0 for anything else.</param>
/// <param name="Shape">Dimensions of that tensor, −1 where they vary; null where their number is not said.</param>
internal sealed record OnnxValueInfo(string Name, OnnxValueKind Kind, OnnxElement Element, long[]? Shape);
