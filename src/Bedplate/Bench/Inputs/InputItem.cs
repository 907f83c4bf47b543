using Bedplate.Bench.Clients.OpenInference;
using Bedplate.Tensors;

namespace Bedplate.Bench.Inputs;

/// <summary>
/// The data of one entry: a tensor for each input, in the model's order. A request of batch size N is N items, joined
/// along their first dimension.
/// </summary>
internal sealed record InputItem(NamedTensor[] Tensors, string Source)
{
    /// <summary>Joins items into the tensors of one request.</summary>
    /// <exception cref="BenchException">Their shapes differ beyond the first dimension.</exception>
    public static NamedTensor[] Join(ReadOnlySpan<InputItem> items)
    {
        if (items.Length == 1)
        {
            return items[0].Tensors;
        }

        var joined = new NamedTensor[items[0].Tensors.Length];
        for (var input = 0; input < joined.Length; input++)
        {
            var shape = items[0].Tensors[input].Shape;
            using var data = new MemoryStream();
            data.Write(items[0].Tensors[input].Data);
            foreach (var item in items[1..])
            {
                var tensor = item.Tensors[input];
                if (!tensor.Shape.Span[1..].SequenceEqual(shape.Span[1..]))
                {
                    throw new BenchException(
                        BenchExitCode.Usage,
                        $"{items[0].Source} and {item.Source} cannot be one batch: input '{tensor.Name}' has the shapes {items[0].Tensors[input].Shape} and {tensor.Shape}.");
                }

                shape[0] += tensor.Shape[0];
                data.Write(tensor.Data);
            }

            joined[input] = items[0].Tensors[input] with { Shape = shape, Data = data.ToArray() };
        }

        return joined;
    }

    /// <summary>A tensor whose data was checked against its shape.</summary>
    /// <exception cref="BenchException">The data has another length; the message starts with <paramref name="source"/>.</exception>
    public static NamedTensor Tensor(InputSlot slot, TensorShape shape, byte[] data, string source)
    {
        var type = slot.Spec.Type;
        shape.TryGetElementCount(out var expected);
        var actual = type == DataType.Bytes ? BytesLayout.CountElements(data)
            : data.Length % type.ByteSize() == 0 ? data.Length / type.ByteSize()
            : -1;
        if (actual != expected)
        {
            var found = actual < 0 ? $"{data.Length} bytes, which are no whole elements" : $"{actual} elements";
            throw new BenchException(
                BenchExitCode.Usage,
                $"{source}: {found}; input '{slot.Spec.Name}' of {type.WireName()} with the shape {shape} takes {expected}.");
        }

        return new NamedTensor(slot.Spec.Name, type, shape, data);
    }
}
