using Bedplate.Tensors;

namespace Bedplate.Tests.TestKit.Models;

/// <summary>A graph: the model's own, or one within a node.</summary>
public sealed class OnnxGraphBuilder(string name = "graph")
{
    private const int NodeField = 1;
    private const int InitializerField = 5;
    private const int InputField = 11;
    private const int OutputField = 12;
    private readonly ProtobufWriter _fields = new();
    private readonly List<ProtobufWriter> _nodes = [];

    public OnnxGraphBuilder Input(string input, DataType type, params ReadOnlySpan<OnnxDimension> dimensions) =>
        Input(input, OnnxType.Tensor(type, dimensions));

    public OnnxGraphBuilder Input(string input, OnnxType type)
    {
        _fields.Message(InputField, ValueInfo(input, type));
        return this;
    }

    public OnnxGraphBuilder Output(string output, DataType type, params ReadOnlySpan<OnnxDimension> dimensions) =>
        Output(output, OnnxType.Tensor(type, dimensions));

    public OnnxGraphBuilder Output(string output, OnnxType type)
    {
        _fields.Message(OutputField, ValueInfo(output, type));
        return this;
    }

    /// <summary>A constant; one that is also an input is that input's default.</summary>
    public OnnxGraphBuilder Initializer(string initializer, OnnxTensor value)
    {
        _fields.Message(InitializerField, value.Write(initializer));
        return this;
    }

    /// <summary>Adds a node; nodes must come in the order in which they compute.</summary>
    public OnnxGraphBuilder Node(
        string operation, string[] inputs, string[] outputs, OnnxAttributeValue[]? attributes = null, string domain = "")
    {
        var node = new ProtobufWriter();
        foreach (var input in inputs)
        {
            node.Text(1, input);
        }

        foreach (var output in outputs)
        {
            node.Text(2, output);
        }

        node.Text(4, operation);
        foreach (var attribute in attributes ?? [])
        {
            node.Message(5, attribute.Encoded);
        }

        _nodes.Add(node.Text(7, domain));
        return this;
    }

    internal ProtobufWriter Encode() => new ProtobufWriter().Text(2, name).Append(EncodeNodes(NodeField)).Append(_fields);

    /// <summary>The nodes alone, under the field number the enclosing message has for them.</summary>
    internal ProtobufWriter EncodeNodes(int field)
    {
        var writer = new ProtobufWriter();
        foreach (var node in _nodes)
        {
            writer.Message(field, node);
        }

        return writer;
    }

    private static ProtobufWriter ValueInfo(string value, OnnxType type) =>
        new ProtobufWriter().Text(1, value).Message(2, type.Encoded);
}
