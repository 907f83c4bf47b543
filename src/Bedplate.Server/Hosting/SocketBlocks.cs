using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace Bedplate.Server.Hosting;

/// <summary>
/// Blocks that sockets are read into and written from. Kestrel's own have 4 KiB, so that a tensor of 16 MiB takes four
/// thousand calls of the system and most of its time. A connection at rest holds one block, so there are two sizes:
/// large ones while there are few connections, small ones for those beyond.
/// </summary>
internal sealed class SocketBlocks : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    /// <summary>From here on a call's own cost is small beside that of the bytes it moves.</summary>
    public const int LargeBytes = 64 << 10;

    /// <summary>Ten thousand connections at rest hold 160 MiB of them.</summary>
    public const int SmallBytes = 16 << 10;

    // Large ones in use at one time: a thousand, or a share of the memory where that is less.
    private const long MostLargeBytes = 64 << 20;
    private const int LargeShare = 32;

    private readonly long _mostLarge = Math.Min(MostLargeBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / LargeShare) / LargeBytes;
    private readonly Shelf _large = new(LargeBytes);
    private readonly Shelf _small = new(SmallBytes);

    /// <inheritdoc/>
    public override int MaxBufferSize => LargeBytes;

    /// <inheritdoc/>
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    /// <inheritdoc/>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, LargeBytes);
        return minBufferSize > SmallBytes || _large.RentedCount < _mostLarge ? _large.Rent() : _small.Rent();
    }

    /// <summary>Leaves to the collector what has not been needed since this was last called; says how many bytes.</summary>
    public long LetGo() => _large.LetGo() + _small.LetGo();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // Shared by whatever it was created for.
    }

    /// <summary>
    /// Blocks of one size. Between looking at a count and changing it others may change it too: a few blocks too many
    /// are rented, kept or let go, no harm.
    /// </summary>
    private sealed class Shelf(int blockBytes)
    {
        // Blocks beyond that, after many connections at a time, are left to the collector.
        private const int MostIdleBytes = 16 << 20;

        private readonly ConcurrentQueue<Block> _idle = new();
        private readonly int _mostIdle = MostIdleBytes / blockBytes;
        private int _rentedCount;
        private int _idleCount;

        // The fewest idle ones since the last time some were let go: so many nobody has needed.
        private int _fewestIdle;

        public int BlockBytes => blockBytes;

        public int RentedCount => Volatile.Read(ref _rentedCount);

        public Block Rent()
        {
            Interlocked.Increment(ref _rentedCount);
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

        public void Return(Block block)
        {
            Interlocked.Decrement(ref _rentedCount);
            if (Volatile.Read(ref _idleCount) < _mostIdle)
            {
                Interlocked.Increment(ref _idleCount);
                _idle.Enqueue(block);
            }
        }

        public long LetGo()
        {
            var count = 0;
            for (var unneeded = Volatile.Read(ref _fewestIdle); count < unneeded && _idle.TryDequeue(out _); count++)
            {
                Interlocked.Decrement(ref _idleCount);
            }

            Volatile.Write(ref _fewestIdle, Volatile.Read(ref _idleCount));
            return (long)count * blockBytes;
        }
    }

    private sealed class Block(Shelf shelf) : IMemoryOwner<byte>
    {
        // Pinned, as the system writes into them while the collector may run.
        public Memory<byte> Memory { get; } = GC.AllocateUninitializedArray<byte>(shelf.BlockBytes, pinned: true);

        public void Dispose() => shelf.Return(this);
    }
}
