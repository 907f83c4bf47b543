using System.Buffers.Binary;
using System.Text;
using Bedplate.Bench.Floor;
using Bedplate.Tensors;

namespace Bedplate.Bench.GrpcFloor;

/// <summary>Writes a ModelInferResponse in its gRPC frame. Names and types are rendered once.</summary>
internal sealed class InferAnswer
{
    /// <summary>A gRPC message's prefix: a byte for compression, four for the length.</summary>
    public const int PrefixLength = 5;

    private const int MaxVarintLength = 10;

    // Field numbers with wire type 2 (length-delimited), as they stand on the wire.
    private const byte ModelNameTag = (1 << 3) | 2;
    private const byte ModelVersionTag = (2 << 3) | 2;
    private const byte OutputsTag = (5 << 3) | 2;
    private const byte RawOutputContentsTag = (6 << 3) | 2;
    private const byte NameTag = (1 << 3) | 2;
    private const byte TypeTag = (2 << 3) | 2;
    private const byte ShapeTag = (3 << 3) | 2;

    private readonly byte[] _start;
    private readonly byte[][] _outputs;
    private readonly int _fixedLength;

    public InferAnswer(FloorModel model)
    {
        _start = [.. Field(ModelNameTag, Encoding.UTF8.GetBytes(model.Name)), .. Field(ModelVersionTag, "1"u8)];
        _outputs = [.. model.Signature.Outputs.Select(output => (byte[])[.. Field(NameTag, output.Utf8Name), .. Field(TypeTag, "FP32"u8)])];
        _fixedLength = PrefixLength + _start.Length + _outputs.Sum(output => output.Length + (4 + TensorShape.MaxRank) * MaxVarintLength);
    }

    /// <summary>Most bytes that <see cref="Write"/> can need.</summary>
    public long MaxLength(ReadOnlySpan<Tensor> outputs) => _fixedLength + ModelSlot.ByteLength(outputs);

    /// <summary>Writes the framed message and returns its length.</summary>
    public int Write(Span<byte> destination, ReadOnlySpan<Tensor> outputs)
    {
        var at = PrefixLength;
        at = Append(destination, at, _start);
        Span<byte> shape = stackalloc byte[TensorShape.MaxRank * MaxVarintLength];
        for (var i = 0; i < outputs.Length; i++)
        {
            var shapeLength = 0;
            foreach (var dimension in outputs[i].Shape.Span)
            {
                shapeLength += WriteVarint(shape[shapeLength..], (ulong)dimension);
            }

            // The shape has at most 80 bytes, so that its length is one.
            destination[at++] = OutputsTag;
            at += WriteVarint(destination[at..], (ulong)(_outputs[i].Length + 2 + shapeLength));
            at = Append(destination, at, _outputs[i]);
            destination[at++] = ShapeTag;
            destination[at++] = (byte)shapeLength;
            at = Append(destination, at, shape[..shapeLength]);
        }

        foreach (ref readonly var output in outputs)
        {
            destination[at++] = RawOutputContentsTag;
            at += WriteVarint(destination[at..], (ulong)output.ByteLength);
            at = Append(destination, at, output.Bytes);
        }

        destination[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(destination[1..], at - PrefixLength);
        return at;
    }

    private static byte[] Field(byte tag, ReadOnlySpan<byte> value)
    {
        var field = new byte[1 + MaxVarintLength + value.Length];
        field[0] = tag;
        var start = 1 + WriteVarint(field.AsSpan(1), (ulong)value.Length);
        value.CopyTo(field.AsSpan(start));
        return field[..(start + value.Length)];
    }

    private static int WriteVarint(Span<byte> destination, ulong value)
    {
        var length = 0;
        while (value >= 0x80)
        {
            destination[length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        destination[length++] = (byte)value;
        return length;
    }

    private static int Append(Span<byte> destination, int at, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(destination[at..]);
        return at + bytes.Length;
    }
}
