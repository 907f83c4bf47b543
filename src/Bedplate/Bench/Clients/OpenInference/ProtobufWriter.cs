using System.Text;

namespace Bedplate.Bench.Clients.OpenInference;

/// <summary>
/// Writes protobuf messages (the wire format of protobuf.dev). By hand, because the few messages here are rendered
/// once and the raw tensors among them should be copied once.
/// </summary>
internal sealed class ProtobufWriter
{
    private readonly List<byte> _bytes = [];

    /// <summary>The message so far.</summary>
    public byte[] ToArray() => [.. _bytes];

    /// <summary>A string field; nothing when it is empty, as proto3 has it.</summary>
    public void String(int field, string value)
    {
        if (value.Length > 0)
        {
            Bytes(field, Encoding.UTF8.GetBytes(value));
        }
    }

    /// <summary>A length-delimited field: bytes, or another message.</summary>
    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        Varint((uint)(field << 3 | 2));
        Varint((uint)value.Length);
        _bytes.AddRange(value);
    }

    /// <summary>A packed repeated int64.</summary>
    public void PackedInt64(int field, ReadOnlySpan<long> values)
    {
        if (values.IsEmpty)
        {
            return;
        }

        var packed = new ProtobufWriter();
        foreach (var value in values)
        {
            packed.Varint((ulong)value);
        }

        Bytes(field, [.. packed._bytes]);
    }

    private void Varint(ulong value)
    {
        while (value >= 0x80)
        {
            _bytes.Add((byte)(value | 0x80));
            value >>= 7;
        }

        _bytes.Add((byte)value);
    }
}
