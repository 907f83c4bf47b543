namespace Bedplate.Tests.TestKit.Models;

/// <summary>An attribute of a node (AttributeProto).</summary>
public sealed class OnnxAttributeValue
{
    private const int FloatType = 1;
    private const int IntType = 2;
    private const int StringType = 3;
    private const int TensorType = 4;
    private const int GraphType = 5;
    private const int FloatsType = 6;
    private const int IntsType = 7;
    private const int StringsType = 8;

    private OnnxAttributeValue(string name, int type)
    {
        Encoded = new ProtobufWriter().Text(1, name).Int(20, type);
    }

    internal ProtobufWriter Encoded { get; }

    public static OnnxAttributeValue Float(string name, float value) => new OnnxAttributeValue(name, FloatType).With(e => e.Float(2, value));

    public static OnnxAttributeValue Int(string name, long value) => new OnnxAttributeValue(name, IntType).With(e => e.Int(3, value));

    public static OnnxAttributeValue String(string name, string value) => new OnnxAttributeValue(name, StringType).With(e => e.Text(4, value));

    public static OnnxAttributeValue Tensor(string name, OnnxTensor value) =>
        new OnnxAttributeValue(name, TensorType).With(e => e.Message(5, value.Write("")));

    /// <summary>A subgraph: a branch of If, the body of Loop or Scan.</summary>
    public static OnnxAttributeValue Graph(string name, OnnxGraphBuilder value) =>
        new OnnxAttributeValue(name, GraphType).With(e => e.Message(6, value.Encode()));

    public static OnnxAttributeValue Floats(string name, params float[] values) =>
        new OnnxAttributeValue(name, FloatsType).With(e => Array.ForEach(values, value => e.Float(7, value)));

    public static OnnxAttributeValue Ints(string name, params long[] values) =>
        new OnnxAttributeValue(name, IntsType).With(e => Array.ForEach(values, value => e.Int(8, value)));

    public static OnnxAttributeValue Strings(string name, params string[] values) =>
        new OnnxAttributeValue(name, StringsType).With(e => Array.ForEach(values, value => e.Text(9, value)));

    private OnnxAttributeValue With(Action<ProtobufWriter> write)
    {
        write(Encoded);
        return this;
    }
}
