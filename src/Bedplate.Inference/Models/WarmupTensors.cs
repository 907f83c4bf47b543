using System.Runtime.InteropServices;
using Bedplate.Tensors;

namespace Bedplate.Inference.Models;

/// <summary>Makes the tensors that a <see cref="WarmupInput"/> describes.</summary>
internal static class WarmupTensors
{
    private const int RandomStringLength = 8;

    // The same data at each load, so that a failure can be repeated.
    private const int Seed = 20_26;

    /// <summary>A tensor in rented memory; <paramref name="batchSize"/> 0 leaves the shape as it is.</summary>
    public static Tensor Create(string name, WarmupInput input, int batchSize, TensorMemoryPool memory)
    {
        var shape = input.Shape;
        if (batchSize > 0)
        {
            shape = new TensorShape([batchSize, .. input.Shape.Span]);
        }

        if (!shape.TryGetElementCount(out var elements))
        {
            throw new ModelLoadException($"warm-up input '{name}' has shape {shape}, whose element count does not fit");
        }

        return input.Data switch
        {
            WarmupData.File => FromFile(name, input, shape, elements, memory),
            _ when input.Type == DataType.Bytes => Strings(shape, elements, input.Data, memory),
            _ => Numbers(input, shape, elements, memory),
        };
    }

    private static Tensor Numbers(WarmupInput input, in TensorShape shape, long elements, TensorMemoryPool memory)
    {
        var bytes = checked(elements * input.Type.ByteSize());
        var buffer = memory.Rent(bytes);
        if (input.Data == WarmupData.Zero)
        {
            buffer.Span.Clear();
        }
        else
        {
            FillRandom(buffer.Span, input.Type);
        }

        return new Tensor(input.Type, shape, buffer, bytes);
    }

    private static void FillRandom(Span<byte> bytes, DataType type)
    {
        var random = new Random(Seed);
        switch (type)
        {
            case DataType.Float32:
                foreach (ref var value in MemoryMarshal.Cast<byte, float>(bytes))
                {
                    value = random.NextSingle();
                }

                break;
            case DataType.Float64:
                foreach (ref var value in MemoryMarshal.Cast<byte, double>(bytes))
                {
                    value = random.NextDouble();
                }

                break;
            case DataType.Float16:
                foreach (ref var value in MemoryMarshal.Cast<byte, Half>(bytes))
                {
                    value = (Half)random.NextSingle();
                }

                break;
            case DataType.BFloat16:
                foreach (ref var value in MemoryMarshal.Cast<byte, ushort>(bytes))
                {
                    value = (ushort)(BitConverter.SingleToUInt32Bits(random.NextSingle()) >> 16);
                }

                break;
            case DataType.Bool:
                foreach (ref var value in bytes)
                {
                    value = (byte)random.Next(2);
                }

                break;
            default:
                random.NextBytes(bytes);
                break;
        }
    }

    private static Tensor Strings(in TensorShape shape, long elements, WarmupData data, TensorMemoryPool memory)
    {
        var length = data == WarmupData.Zero ? 0 : RandomStringLength;
        var bytes = checked(elements * (BytesLayout.PrefixSize + length));
        var buffer = memory.Rent(bytes);
        var random = new Random(Seed);
        Span<byte> element = stackalloc byte[RandomStringLength];
        element = element[..length];
        var remaining = buffer.Span;
        for (long i = 0; i < elements; i++)
        {
            foreach (ref var character in element)
            {
                character = (byte)random.Next('a', 'z' + 1);
            }

            remaining = remaining[BytesLayout.WriteElement(remaining, element)..];
        }

        return new Tensor(DataType.Bytes, shape, buffer, bytes);
    }

    private static Tensor FromFile(string name, WarmupInput input, in TensorShape shape, long elements, TensorMemoryPool memory)
    {
        var content = File.ReadAllBytes(input.Path!);
        var fits = input.Type == DataType.Bytes
            ? BytesLayout.CountElements(content) == elements
            : content.LongLength == elements * input.Type.ByteSize();
        if (!fits)
        {
            throw new ModelLoadException(
                $"warm-up input '{name}': file '{input.Path}' of {content.Length} bytes does not hold {input.Type.WireName()}{shape}");
        }

        var buffer = memory.Rent(content.Length);
        content.CopyTo(buffer.Span);
        return new Tensor(input.Type, shape, buffer, content.Length);
    }
}
