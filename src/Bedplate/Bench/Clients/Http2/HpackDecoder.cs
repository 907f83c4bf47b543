namespace Bedplate.Bench.Clients.Http2;

/// <summary>Takes the fields of a header block as they are decoded.</summary>
internal interface IHeaderSink
{
    /// <summary>One field; the spans are valid during the call only.</summary>
    void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value);
}

/// <summary>
/// Decodes HPACK header blocks (RFC 7541). All blocks of a connection must pass through its one decoder, in order,
/// also those that nobody wants any more: each may change the dynamic table.
/// </summary>
internal sealed class HpackDecoder(int largestTableSize)
{
    // A literal can be as long as a block, which the connection bounds.
    private readonly HpackDynamicTable _table = new(largestTableSize);
    private byte[] _name = new byte[256];
    private byte[] _value = new byte[1024];

    /// <summary>The dynamic table, for tests of the specification's examples.</summary>
    public HpackDynamicTable Table => _table;

    /// <summary>Decodes a whole block; false when it is malformed, after which the connection cannot go on.</summary>
    public bool TryDecode(ReadOnlySpan<byte> block, IHeaderSink sink)
    {
        while (!block.IsEmpty)
        {
            var first = block[0];
            var isValid = first switch
            {
                >= 0x80 => TryIndexed(ref block, sink),
                >= 0x40 => TryLiteral(ref block, prefixBits: 6, remembered: true, sink),
                >= 0x20 => TryResize(ref block),
                _ => TryLiteral(ref block, prefixBits: 4, remembered: false, sink),
            };
            if (!isValid)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Reads an integer with a prefix of so many bits (section 5.1); false when it is cut off or too large.
    /// </summary>
    public static bool TryInteger(ref ReadOnlySpan<byte> block, int prefixBits, out int value)
    {
        value = 0;
        if (block.IsEmpty)
        {
            return false;
        }

        var largestInPrefix = (1 << prefixBits) - 1;
        value = block[0] & largestInPrefix;
        block = block[1..];
        if (value < largestInPrefix)
        {
            return true;
        }

        // Four more bytes give 28 bits, far more than any length or index that is accepted here.
        for (var shift = 0; shift <= 21; shift += 7)
        {
            if (block.IsEmpty)
            {
                return false;
            }

            var next = block[0];
            block = block[1..];
            value += (next & 0x7F) << shift;
            if (next < 0x80)
            {
                return true;
            }
        }

        return false;
    }

    private bool TryIndexed(ref ReadOnlySpan<byte> block, IHeaderSink sink)
    {
        if (!TryInteger(ref block, 7, out var index) || !IsKnown(index))
        {
            return false;
        }

        if (index <= HpackStaticTable.Length)
        {
            sink.OnHeader(HpackStaticTable.Name(index), HpackStaticTable.Value(index));
        }
        else
        {
            index -= HpackStaticTable.Length + 1;
            sink.OnHeader(_table.Name(index), _table.Value(index));
        }

        return true;
    }

    private bool TryLiteral(ref ReadOnlySpan<byte> block, int prefixBits, bool remembered, IHeaderSink sink)
    {
        if (!TryInteger(ref block, prefixBits, out var index))
        {
            return false;
        }

        scoped ReadOnlySpan<byte> name;
        if (index == 0)
        {
            if (!TryString(ref block, ref _name, out name))
            {
                return false;
            }
        }
        else if (!IsKnown(index))
        {
            return false;
        }
        else if (index <= HpackStaticTable.Length)
        {
            name = HpackStaticTable.Name(index);
        }
        else
        {
            // Copied, because adding below may evict the entry that it comes from.
            var source = _table.Name(index - HpackStaticTable.Length - 1);
            EnsureLength(ref _name, source.Length);
            source.CopyTo(_name);
            name = _name.AsSpan(0, source.Length);
        }

        if (!TryString(ref block, ref _value, out var value))
        {
            return false;
        }

        sink.OnHeader(name, value);
        if (remembered)
        {
            _table.Add(name, value);
        }

        return true;
    }

    private bool TryResize(ref ReadOnlySpan<byte> block)
    {
        if (!TryInteger(ref block, 5, out var capacity) || capacity > _table.LargestCapacity)
        {
            return false;
        }

        _table.Resize(capacity);
        return true;
    }

    private bool IsKnown(int index) => index > 0 && index <= HpackStaticTable.Length + _table.Count;

    /// <summary>
    /// Reads a string literal (section 5.2), into <paramref name="buffer"/> where it has to be decoded.
    /// </summary>
    private static bool TryString(ref ReadOnlySpan<byte> block, ref byte[] buffer, out ReadOnlySpan<byte> text)
    {
        text = default;
        var huffman = !block.IsEmpty && (block[0] & 0x80) != 0;
        if (!TryInteger(ref block, 7, out var length) || length > block.Length)
        {
            return false;
        }

        var encoded = block[..length];
        block = block[length..];
        if (!huffman)
        {
            text = encoded;
            return true;
        }

        EnsureLength(ref buffer, length * 8 / 5 + 1);
        if (!HpackHuffman.TryDecode(encoded, buffer, out var written))
        {
            return false;
        }

        text = buffer.AsSpan(0, written);
        return true;
    }

    private static void EnsureLength(ref byte[] buffer, int length)
    {
        if (buffer.Length < length)
        {
            buffer = new byte[Math.Max(length, buffer.Length * 2)];
        }
    }
}
