namespace Bedplate.Bench.Clients.Http2;

/// <summary>
/// The fields that the peer told us to remember (RFC 7541 section 2.3.2): newest first, oldest evicted to stay within
/// a size in bytes. A ring of entries, each with an array that the next entry in its place uses again.
/// </summary>
internal sealed class HpackDynamicTable
{
    /// <summary>What an entry counts beyond its name and value (section 4.1).</summary>
    public const int EntryOverhead = 32;

    private readonly Entry[] _ring;
    private int _newest;
    private int _size;
    private int _capacity;

    /// <summary>
    /// A table of at most <paramref name="largestCapacity"/> bytes, which is what our settings announce.
    /// </summary>
    public HpackDynamicTable(int largestCapacity)
    {
        LargestCapacity = largestCapacity;
        _capacity = largestCapacity;
        _ring = new Entry[largestCapacity / EntryOverhead + 1];
    }

    /// <summary>The largest capacity the peer may choose.</summary>
    public int LargestCapacity { get; }

    /// <summary>Entries in the table.</summary>
    public int Count { get; private set; }

    /// <summary>Size by the specification's count.</summary>
    public int Size => _size;

    /// <summary>Changes the capacity, as the peer's encoder says, and evicts what does not fit any more.</summary>
    public void Resize(int capacity)
    {
        _capacity = capacity;
        EvictTo(capacity);
    }

    /// <summary>The name of an entry; 0 is the newest.</summary>
    public ReadOnlySpan<byte> Name(int index)
    {
        ref var entry = ref At(index);
        return entry.Bytes.AsSpan(0, entry.NameLength);
    }

    /// <summary>The value of an entry; 0 is the newest.</summary>
    public ReadOnlySpan<byte> Value(int index)
    {
        ref var entry = ref At(index);
        return entry.Bytes.AsSpan(entry.NameLength, entry.ValueLength);
    }

    /// <summary>
    /// Adds an entry; one larger than the table empties it (section 4.4). Name and value must not point into the
    /// table, as eviction makes room first.
    /// </summary>
    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var size = name.Length + value.Length + EntryOverhead;
        EvictTo(_capacity - size);
        if (size > _capacity)
        {
            return;
        }

        _newest = (_newest + _ring.Length - 1) % _ring.Length;
        ref var entry = ref _ring[_newest];
        var length = name.Length + value.Length;
        if (entry.Bytes is null || entry.Bytes.Length < length)
        {
            entry.Bytes = new byte[length];
        }

        name.CopyTo(entry.Bytes);
        value.CopyTo(entry.Bytes.AsSpan(name.Length));
        entry.NameLength = name.Length;
        entry.ValueLength = value.Length;
        Count++;
        _size += size;
    }

    private void EvictTo(int size)
    {
        while (_size > size && Count > 0)
        {
            ref var oldest = ref At(Count - 1);
            _size -= oldest.NameLength + oldest.ValueLength + EntryOverhead;
            Count--;
        }
    }

    private ref Entry At(int index) => ref _ring[(_newest + index) % _ring.Length];

    private struct Entry
    {
        public byte[]? Bytes;
        public int NameLength;
        public int ValueLength;
    }
}
