using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Tests.Conformance.Onnx;

/// <summary>
/// What a model file (onnx.proto's ModelProto) says of its inputs and outputs, read without the runtime: what the
/// server says of them is held against it.
/// </summary>
/// <param name="Inputs">The inputs that have to be given, in the file's order.</param>
/// <param name="OptionalInputs">The inputs that have a default, which the file keeps as an initializer.</param>
/// <param name="Outputs">The outputs, in the file's order.</param>
internal sealed record OnnxModelFile(
    IReadOnlyList<OnnxValueInfo> Inputs, IReadOnlyList<OnnxValueInfo> OptionalInputs, IReadOnlyList<OnnxValueInfo> Outputs)
{
    // Up to version 3 of the format every initializer had to be named as an input, and none could be given.
    private const int FirstVersionWithDefaults = 4;

    public static OnnxModelFile Read(string path)
    {
        var model = ProtobufFields.Of(File.ReadAllBytes(path));
        var graph = model.Message(7);
        var initialized = graph.Messages(5).Select(tensor => tensor.Text(8)).ToHashSet(StringComparer.Ordinal);
        var inputs = graph.Messages(11).Select(ReadValue).ToLookup(input => initialized.Contains(input.Name));
        return new OnnxModelFile(
            [.. inputs[false]],
            model.Number(1) >= FirstVersionWithDefaults ? [.. inputs[true]] : [],
            [.. graph.Messages(12).Select(ReadValue)]);
    }

    private static OnnxValueInfo ReadValue(ProtobufFields info)
    {
        var name = info.Text(1);
        var type = info.Message(2);
        var kind = Enum.GetValues<OnnxValueKind>().Single(kind => type.Has((int)kind));
        var tensor = kind switch
        {
            OnnxValueKind.Tensor => type.Message((int)kind),
            OnnxValueKind.Sequence when type.Message((int)kind).Message(1) is var element && element.Has((int)OnnxValueKind.Tensor) =>
                element.Message((int)OnnxValueKind.Tensor),
            _ => null,
        };
        return tensor is null
            ? new OnnxValueInfo(name, kind, 0, null)
            : new OnnxValueInfo(name, kind, (OnnxElement)tensor.Number(1), tensor.Has(2) ? ReadShape(tensor.Message(2)) : null);
    }

    private static long[] ReadShape(ProtobufFields shape) =>
        [.. shape.Messages(1).Select(dimension => dimension.Has(1) ? dimension.Number(1) : -1)];
}
