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

    // The fewest idle ones since the last time some were let go: so many nobody has needed.
    private int _fewestIdle;

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

        var left = Interlocked.Decrement(ref _idleCount);
        if (left < Volatile.Read(ref _fewestIdle))
        {
            Volatile.Write(ref _fewestIdle, left);
        }

        return block;
    }

    /// <summary>Leaves to the collector what has not been needed since this was last called; says how many bytes.</summary>
    public long LetGo()
    {
        var count = 0;
        for (var unneeded = Volatile.Read(ref _fewestIdle); count < unneeded && _idle.TryDequeue(out _); count++)
        {
            Interlocked.Decrement(ref _idleCount);
        }

        Volatile.Write(ref _fewestIdle, Volatile.Read(ref _idleCount));
        return (long)count * BlockBytes;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // Shared by whatever it was created for.
    }

    // Between looking at a count and changing it others may change it too: a few blocks too many are kept, or let go
    // and made again, no harm.
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
