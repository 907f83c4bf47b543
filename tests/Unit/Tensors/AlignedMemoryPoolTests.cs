using Bedplate.Tensors;

namespace Bedplate.Tests.Unit.Tensors;

public unsafe class AlignedMemoryPoolTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(80)]
    [InlineData(81)]
    [InlineData(4096)]
    [InlineData(602_112)]
    [InlineData(16 * 1024 * 1024)]
    public void A_block_is_aligned_and_has_the_asked_length(long byteLength)
    {
        var pool = new AlignedMemoryPool(limitBytes: 1L << 30, cacheLimitBytes: 1 << 20);
        var buffer = pool.Rent(byteLength);
        Assert.Equal(byteLength, buffer.ByteLength);
        Assert.Equal(0u, (nuint)buffer.Pointer % 64);
        Assert.InRange(pool.BytesInUse, byteLength, Math.Max(64, byteLength * 5 / 4));
        buffer.Span.Fill(1);
        buffer.Release();
        Assert.Equal(0, pool.BytesInUse);
    }

    [Fact]
    public void The_limit_counts_what_is_rented_and_frees_with_the_last_reference()
    {
        var pool = new AlignedMemoryPool(limitBytes: 2048, cacheLimitBytes: 0);
        var first = pool.Rent(1024);
        Assert.Null(pool.TryRent(1024));
        first.Retain();
        first.Release();
        Assert.Null(pool.TryRent(1024));
        first.Release();
        pool.Rent(1024).Release();
    }

    [Fact]
    public void Large_blocks_leave_the_last_eighth_to_small_ones()
    {
        var pool = new AlignedMemoryPool(limitBytes: 1 << 20, cacheLimitBytes: 0);
        var large = Enumerable.Range(0, 7).Select(_ => pool.Rent(128 << 10)).ToList();
        Assert.Null(pool.TryRent(128 << 10));
        Assert.Null(pool.TryRent(2 << 10));
        var small = Enumerable.Range(0, 128).Select(_ => pool.Rent(1 << 10)).ToList();
        Assert.Equal(1 << 20, pool.BytesInUse);
        Assert.Null(pool.TryRent(1 << 10));
        large.ForEach(block => block.Release());
        small.ForEach(block => block.Release());
        Assert.Equal(0, pool.BytesInUse);
    }

    [Fact]
    public void A_returned_block_is_used_again_and_trimmed_on_demand()
    {
        var pool = new AlignedMemoryPool(limitBytes: 1 << 20, cacheLimitBytes: 1 << 20);
        var first = pool.Rent(1000);
        var address = (nint)first.Pointer;
        first.Release();
        Assert.Equal(address, (nint)pool.Rent(1010).Pointer);
        pool.Rent(3000).Release();
        Assert.NotEqual(0, pool.BytesCached);
        pool.Trim();
        Assert.Equal(0, pool.BytesCached);
    }

    [Fact]
    public void A_second_release_is_an_error()
    {
        var pool = new AlignedMemoryPool(limitBytes: 1 << 20, cacheLimitBytes: 0);
        var buffer = pool.Rent(10);
        buffer.Release();
        Assert.Throws<InvalidOperationException>(buffer.Release);
    }
}
