namespace Bedplate.Bench.Clients.Http2;

/// <summary>
/// Which form of the request headers comes next on one connection, given the size that the server allows its table.
/// A reduction below what our encoder assumes must be acknowledged at the start of the next block (RFC 7541 section 4.2).
/// </summary>
internal sealed class RequestHeaderState(RequestHeaderBlocks blocks)
{
    private int _tableCapacity = new Http2PeerSettings().HeaderTableSize;
    private bool _acknowledgesCapacity;
    private bool _isRemembered;

    /// <summary>Takes the server's SETTINGS_HEADER_TABLE_SIZE.</summary>
    public void Limit(int headerTableSize)
    {
        if (headerTableSize < _tableCapacity)
        {
            _tableCapacity = headerTableSize;
            _acknowledgesCapacity = true;
        }
    }

    /// <summary>The next header block.</summary>
    public ReadOnlyMemory<byte> Next()
    {
        if (!_acknowledgesCapacity)
        {
            return NextBlock();
        }

        _acknowledgesCapacity = false;
        List<byte> block = [];
        HpackWriter.Resize(block, _tableCapacity);
        block.AddRange(NextBlock().Span);
        return block.ToArray();
    }

    private ReadOnlyMemory<byte> NextBlock()
    {
        if (blocks.TableSize > _tableCapacity)
        {
            return blocks.Once;
        }

        if (_isRemembered)
        {
            return blocks.Repeated;
        }

        _isRemembered = true;
        return blocks.First;
    }
}
