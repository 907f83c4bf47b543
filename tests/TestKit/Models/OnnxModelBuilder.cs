namespace Bedplate.Tests.TestKit.Models;

/// <summary>
/// Writes ONNX models, valid or not: nothing is checked here, so that a test can make what a broken exporter or an
/// attacker would. <see cref="OnnxModels"/> has the ready ones.
/// </summary>
public sealed class OnnxModelBuilder
{
    private readonly ProtobufWriter _metadata = new();
    private readonly ProtobufWriter _imports = new();

    /// <summary>A model of the given version of the standard operators.</summary>
    public OnnxModelBuilder(int opset = 17, int irVersion = 8)
    {
        IrVersion = irVersion;
        Import("", opset);
    }

    /// <summary>The model's graph.</summary>
    public OnnxGraphBuilder Graph { get; } = new();

    /// <summary>Version of the file format; 8 goes with operator set 17, newer element types need newer ones.</summary>
    public int IrVersion { get; }

    /// <summary>Uses a further operator set, as in "ai.onnx.ml".</summary>
    public OnnxModelBuilder Import(string domain, int version)
    {
        _imports.Message(8, new ProtobufWriter().Text(1, domain).Int(2, version));
        return this;
    }

    /// <summary>Adds a custom property.</summary>
    public OnnxModelBuilder Metadata(string key, string value)
    {
        _metadata.Message(14, new ProtobufWriter().Text(1, key).Text(2, value));
        return this;
    }

    /// <summary>Adds a function of the model's own, callable as a node of its domain.</summary>
    public OnnxModelBuilder Function(string domain, string functionName, string[] inputs, string[] outputs, OnnxGraphBuilder body, int opset = 17)
    {
        var function = new ProtobufWriter().Text(1, functionName);
        foreach (var input in inputs)
        {
            function.Text(4, input);
        }

        foreach (var output in outputs)
        {
            function.Text(5, output);
        }

        function.Append(body.EncodeNodes(field: 7));
        function.Message(9, new ProtobufWriter().Text(1, "").Int(2, opset));
        function.Message(9, new ProtobufWriter().Text(1, domain).Int(2, 1));
        _metadata.Message(25, function.Text(10, domain));
        return this;
    }

    /// <summary>The file's content.</summary>
    public byte[] ToBytes() => new ProtobufWriter()
        .Int(1, IrVersion)
        .Text(2, "bedplate-testkit")
        .Int(5, 3)
        .Text(6, "A model of the test kit.")
        .Append(_imports)
        .Message(7, Graph.Encode())
        .Append(_metadata)
        .ToArray();

    /// <summary>Writes the file and returns its path.</summary>
    public string Save(string path)
    {
        File.WriteAllBytes(path, ToBytes());
        return path;
    }
}
