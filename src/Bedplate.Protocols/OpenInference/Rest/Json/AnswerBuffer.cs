using System.Buffers.Text;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Bedplate.Tensors;

namespace Bedplate.Protocols.OpenInference.Rest.Json;

/// <summary>
/// The JSON of one answer while it is written: a small array that lives on with its owner, and beyond it memory of the
/// pool that bounds all bytes in flight. Whole before it is sent, so that its length can be said first.
/// </summary>
internal sealed class AnswerBuffer
{
    private const int OwnLength = 4096;

    // A span, and what Kestrel says of it, ends here.
    private const long LargestLength = 0x7FFF_FFC0;

    private readonly byte[] _own = new byte[OwnLength];
    private TensorMemoryPool? _pool;
    private TensorBuffer? _rented;
    private int _capacity = OwnLength;
    private int _length;

    /// <summary>Bytes written.</summary>
    public int Length => _length;

    /// <summary>Why nothing more can be written; what was written is of no use then.</summary>
    public AnswerOverflow Overflow { get; private set; }

    /// <summary>Whether nothing more can be written.</summary>
    public bool HasOverflowed => Overflow != AnswerOverflow.None;

    /// <summary>What was written, when <see cref="IsSmall"/>.</summary>
    public ReadOnlyMemory<byte> Memory => _own.AsMemory(0, _length);

    /// <summary>Whether nothing was rented.</summary>
    public bool IsSmall => _rented is null;

    /// <summary>What was written.</summary>
    public ReadOnlySpan<byte> Written => All[.._length];

    private Span<byte> All => _rented is null ? _own : _rented.Span;

    /// <summary>Begins an answer; what outgrows the array is rented here.</summary>
    public void Begin(TensorMemoryPool pool)
    {
        Debug.Assert(_rented is null, "The last answer was cleared.");
        _pool = pool;
        _length = 0;
        Overflow = AnswerOverflow.None;
    }

    /// <summary>Gives rented memory back.</summary>
    public void Clear()
    {
        _rented?.Release();
        _rented = null;
        _capacity = OwnLength;
        _length = 0;
    }

    /// <summary>
    /// Room for at least this many bytes at the end; <see cref="Advance"/> says how many were used. Empty when there
    /// is no memory for them.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Reserve(int byteLength) =>
        byteLength <= _capacity - _length || TryGrow(byteLength) ? All[_length.._capacity] : [];

    /// <summary>Whether so much more needs no further memory.</summary>
    public bool HasRoomFor(long byteLength) => byteLength <= _capacity - _length;

    /// <summary>Says that what comes next would never fit.</summary>
    public void SetTooLarge() => Overflow = AnswerOverflow.Size;

    /// <summary>Counts bytes of the last reservation as written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance(int byteLength) => _length += byteLength;

    /// <summary>Writes bytes as they are.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        var destination = Reserve(bytes.Length);
        if (!HasOverflowed)
        {
            bytes.CopyTo(destination);
            _length += bytes.Length;
        }
    }

    /// <summary>Writes a number in decimal.</summary>
    public void Write(long value)
    {
        const int mostDigits = 20;
        var destination = Reserve(mostDigits);
        if (!HasOverflowed)
        {
            Utf8Formatter.TryFormat(value, destination, out var used);
            _length += used;
        }
    }

    // Doubles, so that each byte is moved once on average.
    private bool TryGrow(int byteLength)
    {
        if (HasOverflowed)
        {
            return false;
        }

        var needed = (long)_length + byteLength;
        if (needed > LargestLength)
        {
            Overflow = AnswerOverflow.Size;
            return false;
        }

        var grown = _pool!.TryRent(Math.Min(LargestLength, Math.Max(needed, 2L * _capacity)));
        if (grown is null)
        {
            Overflow = AnswerOverflow.Memory;
            return false;
        }

        Written.CopyTo(grown.Span);
        _rented?.Release();
        _rented = grown;
        _capacity = (int)grown.ByteLength;
        return true;
    }
}

/// <summary>Why an answer cannot be written.</summary>
internal enum AnswerOverflow : byte
{
    None = 0,

    /// <summary>The memory for requests in flight is at its bound.</summary>
    Memory,

    /// <summary>The answer would be longer than 2 GiB.</summary>
    Size,
}
