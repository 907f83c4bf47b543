using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Bedplate.Bench.Floor;
using Bedplate.Tensors;

namespace Bedplate.Bench.HttpFloor;

/// <summary>
/// Writes answers. What is the same in each of them (names, types) is rendered once; shapes and elements are not.
/// </summary>
internal sealed class InferAnswer
{
    // The longest FP32 in its shortest form is "-1.17549435E-38"; with a comma, 16 bytes. A dimension has 19 digits.
    private const int ElementLength = 16;
    private const int ShapeLength = TensorShape.MaxRank * 20;
    private const int ByteSizeLength = 20;

    private readonly byte[] _start;
    private readonly byte[][] _outputs;
    private readonly int _fixedLength;

    public InferAnswer(FloorModel model)
    {
        _start = Encoding.UTF8.GetBytes($$"""{"model_name":"{{JsonEncodedText.Encode(model.Name)}}","model_version":"1","outputs":[""");
        _outputs =
        [
            .. model.Signature.Outputs.Select((output, index) => Encoding.UTF8.GetBytes(
                $$"""{{(index == 0 ? "" : ",")}}{"name":"{{JsonEncodedText.Encode(output.Name)}}","datatype":"FP32","shape":[""")),
        ];
        _fixedLength = _start.Length + 2 + _outputs.Sum(output => output.Length + ShapeLength + 64 + ByteSizeLength);
    }

    private static ReadOnlySpan<byte> BeforeData => "],\"data\":["u8;

    private static ReadOnlySpan<byte> AfterData => "]}"u8;

    private static ReadOnlySpan<byte> BeforeByteSize => "],\"parameters\":{\"binary_data_size\":"u8;

    private static ReadOnlySpan<byte> AfterByteSize => "}}"u8;

    private static ReadOnlySpan<byte> End => "]}"u8;

    /// <summary>Most bytes that <see cref="Write"/> can need for these outputs.</summary>
    public long MaxLength(ReadOnlySpan<Tensor> outputs, bool binary)
    {
        long length = _fixedLength;
        foreach (ref readonly var output in outputs)
        {
            length += binary ? 0 : output.ByteLength / sizeof(float) * ElementLength;
        }

        return length;
    }

    /// <summary>Writes the answer's JSON, without the tensors where they follow in binary, and returns its length.</summary>
    public unsafe int Write(Span<byte> destination, ReadOnlySpan<Tensor> outputs, bool binary)
    {
        var at = Append(destination, 0, _start);
        for (var i = 0; i < outputs.Length; i++)
        {
            ref readonly var output = ref outputs[i];
            at = Append(destination, at, _outputs[i]);
            foreach (var dimension in output.Shape.Span)
            {
                Utf8Formatter.TryFormat(dimension, destination[at..], out var written);
                at += written;
                destination[at++] = (byte)',';
            }

            at -= output.Shape.Rank == 0 ? 0 : 1;
            if (binary)
            {
                at = Append(destination, at, BeforeByteSize);
                Utf8Formatter.TryFormat(output.ByteLength, destination[at..], out var written);
                at = Append(destination, at + written, AfterByteSize);
                continue;
            }

            at = Append(destination, at, BeforeData);
            var elements = new ReadOnlySpan<float>(output.Pointer, (int)(output.ByteLength / sizeof(float)));
            foreach (var element in elements)
            {
                Utf8Formatter.TryFormat(element, destination[at..], out var written);
                at += written;
                destination[at++] = (byte)',';
            }

            at = Append(destination, at - (elements.IsEmpty ? 0 : 1), AfterData);
        }

        return Append(destination, at, End);
    }

    private static int Append(Span<byte> destination, int at, ReadOnlySpan<byte> text)
    {
        text.CopyTo(destination[at..]);
        return at + text.Length;
    }
}
