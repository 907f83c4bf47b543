using System.Runtime.InteropServices;
using Bedplate.Tensors;

namespace Bedplate.Tests.Conformance.Protocols;

/// <summary>A named tensor as a client holds it.</summary>
/// <param name="Name">Name of the input or output.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Dimensions; empty for a scalar.</param>
/// <param name="Bytes">The elements in the protocol's binary layout.</param>
internal sealed record TensorValue(string Name, DataType Type, long[] Shape, byte[] Bytes)
{
    /// <summary>Elements in <see cref="Bytes"/>; −1 where strings do not end where the bytes do.</summary>
    public long ElementCount => Type == DataType.Bytes ? BytesLayout.CountElements(Bytes) : Bytes.Length / Type.ByteSize();

    /// <summary>The elements of a tensor of numbers.</summary>
    public T[] Values<T>()
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(Bytes).ToArray();

    /// <summary>The elements of a tensor of strings.</summary>
    public IReadOnlyList<byte[]> Strings
    {
        get
        {
            var strings = new List<byte[]>();
            var rest = (ReadOnlySpan<byte>)Bytes;
            while (BytesLayout.TryReadElement(ref rest, out var element))
            {
                strings.Add(element.ToArray());
            }

            return rest.IsEmpty ? strings : throw new InvalidDataException($"The strings of '{Name}' do not end where its bytes do.");
        }
    }

    /// <summary>Strings in the protocol's binary layout.</summary>
    public static byte[] LayOut(IEnumerable<byte[]> strings) =>
        [.. strings.SelectMany(text => (byte[])[.. BitConverter.GetBytes((uint)text.Length), .. text])];

    /// <inheritdoc/>
    public override string ToString() => $"'{Name}' {Type.WireName()}[{string.Join(',', Shape)}]";
}
