using Bedplate.Tensors;

namespace Bedplate.Tests.TestKit.Models;

/// <summary>The type of a model's input, output or intermediate value (TypeProto).</summary>
public sealed class OnnxType
{
    private readonly ProtobufWriter _encoded;

    private OnnxType(ProtobufWriter encoded) => _encoded = encoded;

    internal ProtobufWriter Encoded => _encoded;

    public static OnnxType Tensor(DataType type, params ReadOnlySpan<OnnxDimension> dimensions) => Tensor(type.ToOnnx(), dimensions);

    public static OnnxType Tensor(OnnxElement element, params ReadOnlySpan<OnnxDimension> dimensions) =>
        new(new ProtobufWriter().Message(1, TensorBody(element, dimensions)));

    /// <summary>A tensor whose number of dimensions is not said.</summary>
    public static OnnxType UnrankedTensor(DataType type) =>
        new(new ProtobufWriter().Message(1, new ProtobufWriter().Int(1, (int)type.ToOnnx())));

    public static OnnxType SparseTensor(DataType type, params ReadOnlySpan<OnnxDimension> dimensions) =>
        new(new ProtobufWriter().Message(8, TensorBody(type.ToOnnx(), dimensions)));

    public static OnnxType Sequence(OnnxType element) =>
        new(new ProtobufWriter().Message(4, new ProtobufWriter().Message(1, element._encoded)));

    public static OnnxType Map(DataType key, OnnxType value) =>
        new(new ProtobufWriter().Message(5, new ProtobufWriter().Int(1, (int)key.ToOnnx()).Message(2, value._encoded)));

    public static OnnxType Optional(OnnxType value) =>
        new(new ProtobufWriter().Message(9, new ProtobufWriter().Message(1, value._encoded)));

    private static ProtobufWriter TensorBody(OnnxElement element, ReadOnlySpan<OnnxDimension> dimensions)
    {
        var shape = new ProtobufWriter();
        foreach (var dimension in dimensions)
        {
            shape.Message(1, dimension.Write());
        }

        return new ProtobufWriter().Int(1, (int)element).Message(2, shape);
    }
}
