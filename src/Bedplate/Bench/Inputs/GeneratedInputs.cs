using System.Buffers.Binary;
using Bedplate.Bench.Clients.OpenInference;
using Bedplate.Tensors;

namespace Bedplate.Bench.Inputs;

/// <summary>Input data that is made up: zeros, or random values that a seed makes again.</summary>
internal static class GeneratedInputs
{
    // Integers wider than a byte are mostly indices or token ids: larger values would fall outside most vocabularies.
    private const int WideIntegerLimit = 256;
    private const int StringLength = 16;

    private static ReadOnlySpan<byte> StringCharacters => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"u8;

    /// <summary>All elements 0, false or the empty string.</summary>
    public static InputItem Zero(IReadOnlyList<InputSlot> slots) => Create(slots, random: null, "zero");

    /// <summary>
    /// Floating point in [0, 1), bytes over their whole range, wider integers from 0 to 255, booleans even, strings of
    /// 16 letters and digits.
    /// </summary>
    public static InputItem Random(IReadOnlyList<InputSlot> slots, Random random) => Create(slots, random, "random");

    /// <summary>Bytes that a random item takes, so that too many need not be made to find out.</summary>
    public static double SizeOf(IReadOnlyList<InputSlot> slots) => slots.Sum(slot =>
    {
        slot.ItemShape.TryGetElementCount(out var count);
        return (double)count * ElementSize(slot.Spec.Type, isRandom: true);
    });

    private static InputItem Create(IReadOnlyList<InputSlot> slots, Random? random, string source) =>
        new([.. slots.Select(slot => Tensor(slot, random, source))], source);

    private static NamedTensor Tensor(InputSlot slot, Random? random, string source)
    {
        var type = slot.Spec.Type;
        var shape = slot.ItemShape;
        shape.TryGetElementCount(out var count);
        var elementSize = ElementSize(type, isRandom: random is not null);
        if (count > Array.MaxLength / elementSize)
        {
            throw new BenchException(BenchExitCode.Usage, $"Input '{slot.Spec.Name}' with the shape {shape} is larger than 2 GiB.");
        }

        var data = new byte[count * elementSize];
        if (random is not null)
        {
            Fill(data, type, elementSize, random);
        }

        return InputItem.Tensor(slot, shape, data, source);
    }

    private static int ElementSize(DataType type, bool isRandom) =>
        type == DataType.Bytes ? BytesLayout.PrefixSize + (isRandom ? StringLength : 0) : type.ByteSize();

    private static void Fill(byte[] data, DataType type, int elementSize, Random random)
    {
        if (type is DataType.UInt8 or DataType.Int8)
        {
            random.NextBytes(data);
            return;
        }

        for (var offset = 0; offset < data.Length; offset += elementSize)
        {
            var element = data.AsSpan(offset, elementSize);
            switch (type)
            {
                case DataType.Bool:
                    element[0] = (byte)random.Next(2);
                    break;
                case DataType.Float16:
                    BinaryPrimitives.WriteHalfLittleEndian(element, (Half)random.NextSingle());
                    break;
                case DataType.BFloat16:
                    var bits = BitConverter.SingleToUInt32Bits(random.NextSingle());
                    BinaryPrimitives.WriteUInt16LittleEndian(element, (ushort)(bits >> 16));
                    break;
                case DataType.Float32:
                    BinaryPrimitives.WriteSingleLittleEndian(element, random.NextSingle());
                    break;
                case DataType.Float64:
                    BinaryPrimitives.WriteDoubleLittleEndian(element, random.NextDouble());
                    break;
                case DataType.Bytes:
                    BinaryPrimitives.WriteInt32LittleEndian(element, StringLength);
                    random.GetItems(StringCharacters, element[BytesLayout.PrefixSize..]);
                    break;
                default:
                    // The other integers: little-endian, so the low byte is the value.
                    element[0] = (byte)random.Next(WideIntegerLimit);
                    break;
            }
        }
    }
}
