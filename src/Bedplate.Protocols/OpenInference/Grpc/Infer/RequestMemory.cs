using System.Diagnostics.CodeAnalysis;
using Bedplate.Tensors;

namespace Bedplate.Protocols.OpenInference.Grpc.Infer;

/// <summary>
/// The tensor memory of one request while it is decoded: rented from the engine's pool, and no more of it than a
/// request may have. Typed contents need the bound as well: a varint of one byte can stand for an element of eight.
/// </summary>
internal sealed unsafe class RequestMemory
{
    private const int SmallestGrowth = 256;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private TensorMemoryPool? _pool;
    private long _limit;
    private long _used;

    /// <summary>Why the last request for memory was refused.</summary>
    public ProtocolStatus Refusal { get; private set; }

    public void Start(TensorMemoryPool pool, long limitBytes)
    {
        _pool = pool;
        _limit = limitBytes;
        _used = 0;
        Refusal = default;
    }

    /// <summary>Rents a buffer with one reference, the caller's.</summary>
    public bool TryRent(long byteLength, [NotNullWhen(true)] out TensorBuffer? buffer)
    {
        buffer = null;
        if (byteLength > _limit - _used)
        {
            Refusal = TooLarge();
            return false;
        }

        buffer = _pool!.TryRent(byteLength);
        if (buffer is null)
        {
            Refusal = ProtocolStatus.Unavailable(
                $"Overloaded: the memory for requests in flight does not hold a further {ByteSize.Format(byteLength)}.", RetryAfter);
            return false;
        }

        _used += byteLength;
        return true;
    }

    /// <summary>
    /// Makes room for <paramref name="needed"/> bytes in all, of which <paramref name="used"/> are in use and move
    /// along. On failure the buffer stays as it was.
    /// </summary>
    public bool TryGrow([NotNullWhen(true)] ref TensorBuffer? buffer, long used, long needed)
    {
        var capacity = buffer?.ByteLength ?? 0;
        var room = _limit - _used + capacity;
        if (needed > room)
        {
            Refusal = TooLarge();
            return false;
        }

        var larger = Math.Min(room, Math.Max(needed, Math.Max(SmallestGrowth, capacity * 2)));
        _used -= capacity;
        if (!TryRent(larger, out var grown))
        {
            _used += capacity;
            return false;
        }

        if (buffer is not null)
        {
            Buffer.MemoryCopy(buffer.Pointer, grown.Pointer, grown.ByteLength, used);
            buffer.Release();
        }

        buffer = grown;
        return true;
    }

    private ProtocolStatus TooLarge() => ProtocolStatus.TooLarge(
        $"The request's tensors are larger than the {ByteSize.Format(_limit)} a request may have; "
        + $"send less, or raise {SettingNames.MaxRequestBytes}.");
}
