using System.Buffers;
using Bedplate.Server.Hosting.Sockets;

namespace Bedplate.Tests.Unit.Server.Hosting.Sockets;

public sealed class SocketBlocksTests : IDisposable
{
    // The most large ones at a time, and then some.
    private const int Many = 1100;

    private readonly SocketBlocks _blocks = new();

    public void Dispose() => _blocks.Dispose();

    [Fact]
    public void Blocks_are_large_while_few_are_in_use_and_small_beyond()
    {
        var rented = Rent(Many);
        Assert.Equal(SocketBlocks.LargeBytes, rented[0].Memory.Length);
        Assert.Equal(SocketBlocks.SmallBytes, rented[^1].Memory.Length);
        Return(rented);
        Assert.Equal(SocketBlocks.LargeBytes, _blocks.Rent().Memory.Length);
    }

    [Fact]
    public void What_asks_for_more_than_a_small_one_gets_a_large_one()
    {
        Rent(Many);
        Assert.Equal(SocketBlocks.LargeBytes, _blocks.Rent(SocketBlocks.SmallBytes + 1).Memory.Length);
        Assert.Equal(SocketBlocks.SmallBytes, _blocks.Rent(SocketBlocks.SmallBytes).Memory.Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => _blocks.Rent(SocketBlocks.LargeBytes + 1));
    }

    [Fact]
    public void A_returned_block_is_rented_again()
    {
        var block = _blocks.Rent();
        block.Dispose();
        Assert.Same(block, _blocks.Rent());
    }

    [Fact]
    public void What_has_not_been_needed_for_a_while_is_let_go()
    {
        Return(Rent(10));
        Assert.Equal(0, _blocks.LetGo());

        // Four are needed in the next while, six are not.
        Return(Rent(4));
        Assert.Equal(6 * SocketBlocks.LargeBytes, _blocks.LetGo());
        Return(Rent(4));
        Assert.Equal(0, _blocks.LetGo());
        Assert.Equal(4 * SocketBlocks.LargeBytes, _blocks.LetGo());
    }

    private IMemoryOwner<byte>[] Rent(int count) => [.. Enumerable.Range(0, count).Select(_ => _blocks.Rent())];

    private static void Return(IMemoryOwner<byte>[] blocks)
    {
        foreach (var block in blocks)
        {
            block.Dispose();
        }
    }
}
