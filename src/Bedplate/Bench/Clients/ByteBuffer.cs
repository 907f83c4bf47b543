namespace Bedplate.Bench.Clients;

/// <summary>A growing run of bytes that is filled at the end and consumed from the start; it keeps its array.</summary>
internal sealed class ByteBuffer(int initialCapacity)
{
    private byte[] _bytes = new byte[initialCapacity];
    private int _start;
    private int _end;

    public int Length => _end - _start;

    public ReadOnlySpan<byte> Span => _bytes.AsSpan(_start, Length);

    public ReadOnlyMemory<byte> Memory => _bytes.AsMemory(_start, Length);

    public void Clear() => _start = _end = 0;

    /// <summary>Drops bytes from the start.</summary>
    public void Consume(int count)
    {
        _start += count;
        if (_start == _end)
        {
            Clear();
        }
    }

    /// <summary>
    /// Room at the end for at least <paramref name="size"/> bytes; <see cref="Advance"/> makes them count.
    /// </summary>
    public Span<byte> Reserve(int size)
    {
        if (_bytes.Length - _end < size)
        {
            MakeRoom(size);
        }

        return _bytes.AsSpan(_end);
    }

    public void Advance(int count) => _end += count;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        _end += bytes.Length;
    }

    private void MakeRoom(int size)
    {
        var needed = checked(Length + size);
        var target = needed <= _bytes.Length / 2
            ? _bytes
            : new byte[Math.Max(needed, (int)Math.Min(_bytes.Length * 2L, Array.MaxLength))];
        Span.CopyTo(target);
        _end -= _start;
        _start = 0;
        _bytes = target;
    }
}
