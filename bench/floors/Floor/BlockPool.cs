using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace Bedplate.Bench.Floor;

/// <summary>
/// Blocks that sockets read into. Kestrel's own have 4 KiB, so that a tensor of 16 MiB takes some four thousand calls
/// of the system; these have 64 KiB.
/// </summary>
internal sealed class BlockPool : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    private const int BlockLength = 64 << 10;

    // 16 MiB kept; what is beyond is left to the collector.
    private const int MaxIdle = 256;

    private readonly ConcurrentQueue<Block> _idle = new();

    public override int MaxBufferSize => BlockLength;

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockLength);
        return _idle.TryDequeue(out var block) ? block : new Block(this);
    }

    protected override void Dispose(bool disposing)
    {
        // One pool for the process, whatever transport disposes of it.
    }

    private sealed class Block(BlockPool pool) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory { get; } = GC.AllocateUninitializedArray<byte>(BlockLength, pinned: true);

        public void Dispose()
        {
            if (pool._idle.Count < MaxIdle)
            {
                pool._idle.Enqueue(this);
            }
        }
    }
}
