using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Bedplate.Server.Hosting.Sockets;

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
    /// Blocks of one size. The one returned last is rented first, as it is still in the processor's cache: each request of
    /// a small model rents one and returns it.
    /// </summary>
    private sealed class Shelf(int blockBytes)
    {
        // Blocks beyond that, after many connections at a time, are left to the collector.
        private const int MostIdleBytes = 16 << 20;

        private readonly Lock _lock = new();
        private readonly Stack<Block> _idle = new();
        private readonly int _mostIdle = MostIdleBytes / blockBytes;
        private int _rentedCount;

        // The fewest idle ones since the last time some were let go: so many nobody has needed.
        private int _fewestIdle;

        public int BlockBytes => blockBytes;

        public int RentedCount => Volatile.Read(ref _rentedCount);

        public Block Rent()
        {
            lock (_lock)
            {
                _rentedCount++;
                if (_idle.TryPop(out var block))
                {
                    _fewestIdle = Math.Min(_fewestIdle, _idle.Count);
                    return block;
                }
            }

            return new Block(this);
        }

        public void Return(Block block)
        {
            lock (_lock)
            {
                _rentedCount--;
                if (_idle.Count < _mostIdle)
                {
                    _idle.Push(block);
                }
            }
        }

        public long LetGo()
        {
            lock (_lock)
            {
                var unneeded = Math.Min(_fewestIdle, _idle.Count);
                for (var i = 0; i < unneeded; i++)
                {
                    _idle.Pop();
                }

                _fewestIdle = _idle.Count;
                return (long)unneeded * blockBytes;
            }
        }
    }

    private sealed class Block(Shelf shelf) : IMemoryOwner<byte>
    {
        // Pinned, as the system writes into them while the collector may run.
        public Memory<byte> Memory { get; } = GC.AllocateUninitializedArray<byte>(shelf.BlockBytes, pinned: true);

        public void Dispose() => shelf.Return(this);
    }
}
