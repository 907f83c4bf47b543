using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Tests.Conformance.Onnx;

/// <summary>The protocol's types for the element types of ONNX files.</summary>
internal static class OnnxElementTypes
{
    private static readonly Dictionary<OnnxElement, DataType> Carried = Enum.GetValues<DataType>()
        .Where(type => type != DataType.Invalid)
        .ToDictionary(type => type.ToOnnx());

    /// <summary>The protocol's type; <see cref="DataType.Invalid"/> where it has none.</summary>
    public static DataType ToDataType(this OnnxElement element) => Carried.GetValueOrDefault(element);
}
