using System.Runtime.InteropServices;
using Bedplate.Tensors;

namespace Bedplate.Tests.TestKit.Models;

/// <summary>A tensor within a model file (TensorProto): an initializer's or an attribute's value.</summary>
public sealed class OnnxTensor
{
    private readonly OnnxElement _element;
    private readonly long[] _dimensions;
    private readonly Action<ProtobufWriter> _writeData;

    private OnnxTensor(OnnxElement element, ReadOnlySpan<long> dimensions, Action<ProtobufWriter> writeData)
    {
        _element = element;
        _dimensions = dimensions.ToArray();
        _writeData = writeData;
    }

    /// <summary>Numbers, given in the type's own memory form.</summary>
    public static OnnxTensor Of<T>(DataType type, ReadOnlySpan<long> dimensions, ReadOnlySpan<T> values)
        where T : unmanaged => Raw(type.ToOnnx(), dimensions, MemoryMarshal.AsBytes(values));

    public static OnnxTensor Floats(ReadOnlySpan<long> dimensions, params ReadOnlySpan<float> values) =>
        Of(DataType.Float32, dimensions, values);

    public static OnnxTensor Longs(ReadOnlySpan<long> dimensions, params ReadOnlySpan<long> values) =>
        Of(DataType.Int64, dimensions, values);

    /// <summary>Any bytes, whether or not they fit type and dimensions.</summary>
    public static OnnxTensor Raw(OnnxElement element, ReadOnlySpan<long> dimensions, ReadOnlySpan<byte> bytes)
    {
        var copy = bytes.ToArray();
        return new(element, dimensions, writer => writer.Bytes(9, copy));
    }

    public static OnnxTensor Strings(ReadOnlySpan<long> dimensions, params string[] values) =>
        new(OnnxElement.String, dimensions, writer =>
        {
            foreach (var value in values)
            {
                writer.Text(6, value);
            }
        });

    /// <summary>Data in another file beside the model's.</summary>
    public static OnnxTensor External(DataType type, ReadOnlySpan<long> dimensions, string location, long offset, long byteLength) =>
        new(type.ToOnnx(), dimensions, writer => writer
            .Message(13, Entry("location", location))
            .Message(13, Entry("offset", $"{offset}"))
            .Message(13, Entry("length", $"{byteLength}"))
            .Int(14, 1));

    internal ProtobufWriter Write(string name)
    {
        var writer = new ProtobufWriter();
        foreach (var dimension in _dimensions)
        {
            writer.Int(1, dimension);
        }

        writer.Int(2, (int)_element).Text(8, name);
        _writeData(writer);
        return writer;
    }

    private static ProtobufWriter Entry(string key, string value) => new ProtobufWriter().Text(1, key).Text(2, value);
}
