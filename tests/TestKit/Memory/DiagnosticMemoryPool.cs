using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Bedplate.Tensors;

namespace Bedplate.Tests.TestKit.Memory;

/// <summary>
/// A pool that finds what a wrong owner does: each block is allocated for itself, filled with a pattern before and
/// after its use, fenced by guard bytes, and remembers who rented it. A block is never reused, so a late write or a
/// late read meets the pattern instead of another request's data.
/// </summary>
public sealed unsafe class DiagnosticMemoryPool(bool captureStacks = false, long limitBytes = long.MaxValue) : TensorMemoryPool
{
    private const int GuardBytes = 64;
    private const byte GuardPattern = 0xFD;
    private const byte FreshPattern = 0xCD;
    private const byte ReturnedPattern = 0xDD;
    private readonly ConcurrentDictionary<Block, byte> _rented = new();
    private readonly ConcurrentQueue<string> _faults = new();
    private readonly ConcurrentQueue<Block> _quarantine = new();
    private long _bytesInUse;
    private long _rentals;

    /// <inheritdoc/>
    public override long BytesInUse => Volatile.Read(ref _bytesInUse);

    /// <summary>Blocks handed out since the pool was made; a test that rented nothing proves nothing.</summary>
    public long Rentals => Volatile.Read(ref _rentals);

    /// <inheritdoc/>
    public override TensorBuffer? TryRent(long byteLength)
    {
        if (Interlocked.Add(ref _bytesInUse, byteLength) > limitBytes)
        {
            Interlocked.Add(ref _bytesInUse, -byteLength);
            return null;
        }

        var block = new Block(this, byteLength, captureStacks ? new StackTrace(1, fNeedFileInfo: true).ToString() : "");
        _rented.TryAdd(block, 0);
        Interlocked.Increment(ref _rentals);
        return block;
    }

    /// <summary>Throws when a block was leaked, written past its end, written after its return, or returned twice.</summary>
    public void Verify()
    {
        foreach (var block in _rented.Keys)
        {
            _faults.Enqueue($"Leaked: {block.ByteLength} bytes, {block.References} reference(s). {block.RentedBy}");
        }

        foreach (var block in _quarantine)
        {
            block.CheckUntouched();
        }

        if (!_faults.IsEmpty)
        {
            throw new InvalidOperationException(
                $"{_faults.Count} memory fault(s):{Environment.NewLine}{string.Join(Environment.NewLine, _faults.Take(10))}");
        }
    }

    private void Return(Block block)
    {
        if (!_rented.TryRemove(block, out _))
        {
            _faults.Enqueue($"Returned twice: {block.ByteLength} bytes. {block.RentedBy}");
            return;
        }

        Interlocked.Add(ref _bytesInUse, -block.ByteLength);
        block.CheckGuards();
        block.Poison();
        _quarantine.Enqueue(block);

        // The quarantine is bounded; what leaves it is checked a last time.
        if (_quarantine.Count > 4096 && _quarantine.TryDequeue(out var oldest))
        {
            oldest.CheckUntouched();
            oldest.Destroy();
        }
    }

    private sealed class Block : TensorBuffer
    {
        private readonly DiagnosticMemoryPool _pool;
        private byte* _memory;

        public Block(DiagnosticMemoryPool pool, long byteLength, string rentedBy)
        {
            _pool = pool;
            RentedBy = rentedBy;
            _memory = (byte*)NativeMemory.AlignedAlloc((nuint)(byteLength + 2 * GuardBytes), 64);
            NativeMemory.Fill(_memory, GuardBytes, GuardPattern);
            NativeMemory.Fill(_memory + GuardBytes, (nuint)byteLength, FreshPattern);
            NativeMemory.Fill(_memory + GuardBytes + byteLength, GuardBytes, GuardPattern);
            Activate(_memory + GuardBytes, byteLength);
        }

        public string RentedBy { get; }

        public void CheckGuards()
        {
            if (!IsFilledWith(_memory, GuardBytes, GuardPattern)
                || !IsFilledWith(Pointer + ByteLength, GuardBytes, GuardPattern))
            {
                _pool._faults.Enqueue($"Written past an end: {ByteLength} bytes. {RentedBy}");
            }
        }

        public void Poison() => NativeMemory.Fill(Pointer, (nuint)ByteLength, ReturnedPattern);

        public void CheckUntouched()
        {
            if (!IsFilledWith(Pointer, ByteLength, ReturnedPattern))
            {
                _pool._faults.Enqueue($"Written after return: {ByteLength} bytes. {RentedBy}");
            }
        }

        public void Destroy()
        {
            NativeMemory.AlignedFree(_memory);
            _memory = null;
        }

        protected override void Free() => _pool.Return(this);

        protected override void OnOverRelease() =>
            _pool._faults.Enqueue($"Released too often: {ByteLength} bytes. {RentedBy}");

        private static bool IsFilledWith(byte* start, long length, byte pattern)
        {
            for (var i = 0L; i < length; i++)
            {
                if (start[i] != pattern)
                {
                    return false;
                }
            }

            return true;
        }
    }
}
