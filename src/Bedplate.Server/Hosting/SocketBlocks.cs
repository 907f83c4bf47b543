using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace Bedplate.Server.Hosting;

/// <summary>
/// Blocks that sockets are read into and written from. Kestrel's own have 4 KiB, so that a tensor of 16 MiB takes four
/// thousand calls of the system and most of its time; a connection at rest holds one, so they are not much larger.
/// </summary>
internal sealed class SocketBlocks : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    private const int BlockBytes = 16 << 10;

    // 16 MiB; blocks beyond that, after many connections at a time, are left to the collector.
    private const int MostIdle = 1024;

    private readonly ConcurrentQueue<Block> _idle = new();
    private int _idleCount;

    /// <inheritdoc/>
    public override int MaxBufferSize => BlockBytes;

    /// <inheritdoc/>
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    /// <inheritdoc/>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        if (!_idle.TryDequeue(out var block))
        {
            return new Block(this);
        }

        Interlocked.Decrement(ref _idleCount);
        return block;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // Shared by whatever it was created for.
    }

    // Between looking at the count and adding to it others may add too: a few blocks too many are kept, no harm.
    private void Return(Block block)
    {
        if (Volatile.Read(ref _idleCount) < MostIdle)
        {
            Interlocked.Increment(ref _idleCount);
            _idle.Enqueue(block);
        }
    }

    private sealed class Block(SocketBlocks blocks) : IMemoryOwner<byte>
    {
        // Pinned, as the system writes into them while the collector may run.
        public Memory<byte> Memory { get; } = GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true);

        public void Dispose() => blocks.Return(this);
    }
}
