using System.Numerics;
using System.Runtime.InteropServices;

namespace Bedplate.Tensors;

/// <summary>
/// Host memory for tensors, aligned to 64 bytes (the width of a cache line and of an AVX-512 register: runtimes read
/// aligned inputs without a copy or a slow path). Sizes are rounded up to one of four classes per power of two, so at
/// most a fifth of a block is unused. Returned blocks are kept for reuse up to a bound and given back to the operating
/// system beyond it.
/// </summary>
public sealed class AlignedMemoryPool : TensorMemoryPool
{
    private const int Alignment = 64;
    private const int SmallestClassLog2 = 6;
    private const int LargestClassLog2 = 40;
    private const int ClassesPerDoubling = 4;

    private readonly SizeClass[] _classes = new SizeClass[(LargestClassLog2 - SmallestClassLog2) * ClassesPerDoubling + 1];
    private readonly SharedByteLimit _limit;
    private readonly long _cacheLimitBytes;
    private long _bytesInUse;
    private long _bytesCached;

    /// <summary>Creates a pool.</summary>
    /// <param name="limitBytes">
    /// Most bytes rented at one time, of which large blocks leave some to small ones (<see cref="SharedByteLimit"/>);
    /// beyond it <see cref="TryRent"/> returns null.
    /// </param>
    /// <param name="cacheLimitBytes">Most bytes kept for reuse while not rented.</param>
    public AlignedMemoryPool(long limitBytes, long cacheLimitBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limitBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(cacheLimitBytes);
        _limit = new SharedByteLimit(limitBytes);
        _cacheLimitBytes = cacheLimitBytes;
        for (var i = 0; i < _classes.Length; i++)
        {
            _classes[i] = new SizeClass(ClassCapacity(i));
        }
    }

    /// <inheritdoc/>
    public override long BytesInUse => Volatile.Read(ref _bytesInUse);

    /// <inheritdoc/>
    public override long BytesCached => Volatile.Read(ref _bytesCached);

    /// <inheritdoc/>
    public override TensorBuffer? TryRent(long byteLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byteLength);
        var index = ClassIndex(byteLength);
        if (index >= _classes.Length)
        {
            return null;
        }

        var sizeClass = _classes[index];
        if (Interlocked.Add(ref _bytesInUse, sizeClass.Capacity) > _limit.For(sizeClass.Capacity))
        {
            Interlocked.Add(ref _bytesInUse, -sizeClass.Capacity);
            return null;
        }

        if (sizeClass.TryPop(out var buffer))
        {
            Interlocked.Add(ref _bytesCached, -sizeClass.Capacity);
        }
        else
        {
            buffer = Allocate(sizeClass);
        }

        buffer.Rent(byteLength);
        return buffer;
    }

    /// <inheritdoc/>
    public override void Trim()
    {
        foreach (var sizeClass in _classes)
        {
            while (sizeClass.TryPop(out var buffer))
            {
                Interlocked.Add(ref _bytesCached, -sizeClass.Capacity);
                buffer.Destroy();
            }
        }
    }

    private PooledBuffer Allocate(SizeClass sizeClass)
    {
        try
        {
            return new PooledBuffer(this, sizeClass);
        }
        catch
        {
            Interlocked.Add(ref _bytesInUse, -sizeClass.Capacity);
            throw;
        }
    }

    private void Return(PooledBuffer buffer, SizeClass sizeClass)
    {
        Interlocked.Add(ref _bytesInUse, -sizeClass.Capacity);
        if (Interlocked.Add(ref _bytesCached, sizeClass.Capacity) > _cacheLimitBytes || !sizeClass.TryPush(buffer))
        {
            Interlocked.Add(ref _bytesCached, -sizeClass.Capacity);
            buffer.Destroy();
        }
    }

    private static int ClassIndex(long byteLength)
    {
        if (byteLength <= 1 << SmallestClassLog2)
        {
            return 0;
        }

        // The class (log, quarter) holds up to 2^log · (1 + quarter/4) bytes.
        var log = BitOperations.Log2((ulong)(byteLength - 1));
        var quarter = (int)(((ulong)(byteLength - 1) >> (log - 2)) & 3) + 1;
        return (log - SmallestClassLog2) * ClassesPerDoubling + quarter;
    }

    private static long ClassCapacity(int index)
    {
        var log = SmallestClassLog2 + index / ClassesPerDoubling;
        return (1L << log) + (1L << (log - 2)) * (index % ClassesPerDoubling);
    }

    /// <summary>The idle blocks of one size. The lock guards the array; it is held for a push or a pop only.</summary>
    private sealed class SizeClass(long capacity)
    {
        private const int MaxIdleBlocks = 256;
        private readonly Lock _lock = new();
        private PooledBuffer[] _idle = [];
        private int _count;

        public long Capacity { get; } = capacity;

        public bool TryPop([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PooledBuffer? buffer)
        {
            lock (_lock)
            {
                if (_count == 0)
                {
                    buffer = null;
                    return false;
                }

                buffer = _idle[--_count];
                _idle[_count] = null!;
                return true;
            }
        }

        public bool TryPush(PooledBuffer buffer)
        {
            lock (_lock)
            {
                if (_count == MaxIdleBlocks)
                {
                    return false;
                }

                if (_count == _idle.Length)
                {
                    Array.Resize(ref _idle, Math.Min(MaxIdleBlocks, Math.Max(4, _count * 2)));
                }

                _idle[_count++] = buffer;
                return true;
            }
        }
    }

    /// <summary>One block; the object is reused with its memory, so that renting allocates nothing.</summary>
    private sealed unsafe class PooledBuffer : TensorBuffer
    {
        private readonly AlignedMemoryPool _pool;
        private readonly SizeClass _sizeClass;
        private readonly byte* _memory;

        public PooledBuffer(AlignedMemoryPool pool, SizeClass sizeClass)
        {
            _pool = pool;
            _sizeClass = sizeClass;
            _memory = (byte*)NativeMemory.AlignedAlloc((nuint)sizeClass.Capacity, Alignment);
        }

        public void Rent(long byteLength) => Activate(_memory, byteLength);

        public void Destroy() => NativeMemory.AlignedFree(_memory);

        protected override void Free() => _pool.Return(this, _sizeClass);
    }
}
