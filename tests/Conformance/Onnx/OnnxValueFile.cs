using System.Buffers.Binary;
using Bedplate.Tensors;
using Bedplate.Tests.Conformance.Protocols;
using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Tests.Conformance.Onnx;

/// <summary>
/// Reads the inputs and expected outputs beside a test model: a TensorProto, or for a sequence a SequenceProto. The
/// file does not say which it is; the model does.
/// </summary>
internal static class OnnxValueFile
{
    private const int SequenceTensors = 3;

    /// <summary>Reads a value that a model declares as <paramref name="info"/>.</summary>
    /// <exception cref="InvalidDataException">The file is not of the declared kind and type.</exception>
    public static TensorValue Read(string path, OnnxValueInfo info)
    {
        var message = ProtobufFields.Of(File.ReadAllBytes(path));
        return info.Kind switch
        {
            OnnxValueKind.Tensor => ReadTensor(message, info),
            OnnxValueKind.Sequence => Stack([.. message.Messages(SequenceTensors).Select(tensor => ReadTensor(tensor, info))], info),
            _ => throw new InvalidDataException($"'{info.Name}' is a {info.Kind}, of which the protocol has no values"),
        };
    }

    private static TensorValue ReadTensor(ProtobufFields tensor, OnnxValueInfo info)
    {
        var stored = (OnnxElement)tensor.Number(2);

        // NumPy has no bfloat16, so the generator of these files stored the bits as uint16.
        if (stored != info.Element && (stored, info.Element) != (OnnxElement.UInt16, OnnxElement.BFloat16))
        {
            throw new InvalidDataException($"'{info.Name}' is declared as {info.Element} and stored as {stored}");
        }

        var shape = tensor.Numbers(1).Select(dimension => (long)dimension).ToArray();
        var value = new TensorValue(info.Name, info.Element.ToDataType(), shape, ReadElements(tensor, stored));
        return value.ElementCount == shape.Aggregate(1L, (product, dimension) => product * dimension)
            ? value
            : throw new InvalidDataException($"'{info.Name}' has the shape [{string.Join(',', shape)}] and {value.ElementCount} elements");
    }

    // The fields of TensorProto that hold elements; strings cannot be raw.
    private static byte[] ReadElements(ProtobufFields tensor, OnnxElement stored) => stored switch
    {
        OnnxElement.String => TensorValue.LayOut(tensor.All(6).Select(text => text.ToByteArray())),
        _ when tensor.Bytes(9) is { } raw => raw.ToByteArray(),
        OnnxElement.Float => tensor.FixedNumbers(4, sizeof(float)),
        OnnxElement.Double => tensor.FixedNumbers(10, sizeof(double)),
        OnnxElement.Int64 => Narrow(tensor.Numbers(7), sizeof(long)),
        OnnxElement.UInt32 or OnnxElement.UInt64 => Narrow(tensor.Numbers(11), stored.ToDataType().ByteSize()),
        _ => Narrow(tensor.Numbers(5), stored.ToDataType().ByteSize()),
    };

    private static byte[] Narrow(IEnumerable<ulong> numbers, int width)
    {
        var elements = new List<byte>();
        Span<byte> wide = stackalloc byte[sizeof(ulong)];
        foreach (var number in numbers)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(wide, number);
            elements.AddRange(wide[..width]);
        }

        return [.. elements];
    }

    // As the server answers a sequence (docs/reference/onnx-outputs.md): one tensor more in its outermost dimension.
    private static TensorValue Stack(TensorValue[] tensors, OnnxValueInfo info)
    {
        if (tensors.Length == 0)
        {
            return new TensorValue(info.Name, info.Element.ToDataType(), [0, .. (info.Shape ?? []).Select(dimension => Math.Max(dimension, 0))], []);
        }

        return tensors.All(tensor => tensor.Shape.SequenceEqual(tensors[0].Shape))
            ? tensors[0] with { Shape = [tensors.Length, .. tensors[0].Shape], Bytes = [.. tensors.SelectMany(tensor => tensor.Bytes)] }
            : throw new InvalidDataException($"'{info.Name}' is a sequence of tensors of different shapes, which make no tensor");
    }
}
