using System.Runtime.InteropServices;
using Bedplate.Tensors;

namespace Bedplate.Inference.Scheduling.Batching;

/// <summary>A set of tensors kept for comparison; owns one reference of each.</summary>
internal sealed unsafe class TensorSample(Tensor[] tensors) : IDisposable
{
    public Tensor[] Tensors { get; } = tensors;

    /// <summary>Copies tensors into memory of their own; null when they are too large.</summary>
    public static TensorSample? TryCopy(ReadOnlySpan<Tensor> tensors, TensorMemoryPool memory, long maxBytes)
    {
        long total = 0;
        foreach (ref readonly var tensor in tensors)
        {
            total += tensor.ByteLength;
        }

        if (total > maxBytes)
        {
            return null;
        }

        var copies = new TensorSample(new Tensor[tensors.Length]);
        for (var i = 0; i < tensors.Length; i++)
        {
            if (tensors[i].IsPresent && !TryCopy(tensors[i], memory, out copies.Tensors[i]))
            {
                copies.Dispose();
                return null;
            }
        }

        return copies;
    }

    /// <summary>Whether the tensors equal these byte by byte.</summary>
    public bool HasContentOf(ReadOnlySpan<Tensor> tensors)
    {
        for (var i = 0; i < tensors.Length; i++)
        {
            if (Tensors[i].Type != tensors[i].Type || Tensors[i].Shape != tensors[i].Shape
                || !Tensors[i].Bytes.SequenceEqual(tensors[i].Bytes))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether the tensors have the shapes of these; the outermost dimension may differ.</summary>
    public bool HasRowShapesOf(ReadOnlySpan<Tensor> tensors)
    {
        for (var i = 0; i < tensors.Length; i++)
        {
            var own = Tensors[i].Shape;
            var other = tensors[i].Shape;
            if (own.Rank != other.Rank || (own.Rank > 0 && !own.Span[1..].SequenceEqual(other.Span[1..])))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// A copy with other content that a model should accept as well: floating-point numbers changed by up to a
    /// percent, whole numbers in reverse order (so that codes stay codes). Null when that changes nothing.
    /// </summary>
    public TensorSample? TryDisturb(TensorMemoryPool memory)
    {
        if (TryCopy(Tensors, memory, long.MaxValue) is not { } copy)
        {
            return null;
        }

        foreach (ref readonly var tensor in copy.Tensors.AsSpan())
        {
            // A scalar is a setting rather than data; another value may not be one the model knows.
            if (tensor.IsPresent && tensor.Shape.Rank > 0)
            {
                Disturb(tensor);
            }
        }

        if (copy.HasContentOf(Tensors))
        {
            copy.Dispose();
            return null;
        }

        return copy;
    }

    public void Dispose()
    {
        for (var i = 0; i < Tensors.Length; i++)
        {
            Tensors[i].Release();
        }
    }

    private static bool TryCopy(in Tensor tensor, TensorMemoryPool memory, out Tensor copy)
    {
        if (memory.TryRent(tensor.ByteLength) is not { } buffer)
        {
            copy = default;
            return false;
        }

        Buffer.MemoryCopy(tensor.Pointer, buffer.Pointer, tensor.ByteLength, tensor.ByteLength);
        copy = new Tensor(tensor.Type, tensor.Shape, buffer, tensor.ByteLength);
        return true;
    }

    private static void Disturb(in Tensor tensor)
    {
        var bytes = tensor.Buffer!.Span;
        switch (tensor.Type)
        {
            case DataType.Float32:
                var singles = MemoryMarshal.Cast<byte, float>(bytes);
                for (var i = 0; i < singles.Length; i++)
                {
                    singles[i] *= 1 + 0.01f * MathF.Sin(i + 1);
                }

                break;
            case DataType.Float64:
                var doubles = MemoryMarshal.Cast<byte, double>(bytes);
                for (var i = 0; i < doubles.Length; i++)
                {
                    doubles[i] *= 1 + 0.01 * Math.Sin(i + 1);
                }

                break;
            case DataType.Float16:
                var halves = MemoryMarshal.Cast<byte, Half>(bytes);
                for (var i = 0; i < halves.Length; i++)
                {
                    halves[i] = (Half)((float)halves[i] * (1 + 0.01f * MathF.Sin(i + 1)));
                }

                break;
            case DataType.Bytes:
                break;
            default:
                ReverseElements(bytes, tensor.Type.ByteSize());
                break;
        }
    }

    private static void ReverseElements(Span<byte> bytes, int size)
    {
        Span<byte> held = stackalloc byte[8];
        held = held[..size];
        for (int low = 0, high = bytes.Length - size; low < high; low += size, high -= size)
        {
            bytes.Slice(low, size).CopyTo(held);
            bytes.Slice(high, size).CopyTo(bytes.Slice(low, size));
            held.CopyTo(bytes.Slice(high, size));
        }
    }
}
