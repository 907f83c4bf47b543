using System.Buffers.Binary;

namespace Bedplate.Bench.Clients.Http2;

/// <summary>
/// Cuts what arrives into frames, checks each (RFC 9113 sections 4 and 6) and tells the connection. Nothing here
/// answers by itself; a fault ends the connection.
/// </summary>
internal sealed class Http2FrameReader(Http2Connection connection)
{
    // What a server may send us: SETTINGS_MAX_FRAME_SIZE and SETTINGS_HEADER_TABLE_SIZE as the specification has them.
    private const int MaxFrameSize = 16_384;
    private const int HeaderTableSize = 4096;
    private const int LargestHeaderBlock = 64 * 1024;

    // Room for a few frames at once.
    private const int ReceiveSize = 64 * 1024;

    private readonly ByteBuffer _input = new(ReceiveSize * 2);
    private readonly ByteBuffer _headerBlock = new(256);
    private readonly HpackDecoder _decoder = new(HeaderTableSize);
    private int _continuedStreamId;
    private bool _continuedEndsStream;
    private bool _hasSettings;

    /// <summary>Where to receive into.</summary>
    public Span<byte> Buffer => _input.Reserve(ReceiveSize);

    /// <summary>So many bytes were received into <see cref="Buffer"/>: handles the frames that are whole now.</summary>
    public void Advance(int count)
    {
        _input.Advance(count);
        while (connection.IsOpen && _input.Length >= Http2FrameHeader.Size)
        {
            var header = Http2FrameHeader.Read(_input.Span);
            if (!_hasSettings && (header.Type != Http2FrameType.Settings || header.Has(Http2FrameHeader.Ack)))
            {
                connection.Fail(Http2Error.Protocol, "it does not start with SETTINGS; is this the gRPC port?");
                return;
            }

            if (header.Length > MaxFrameSize)
            {
                connection.Fail(Http2Error.FrameSize, $"a frame has {header.Length} bytes, more than {MaxFrameSize}");
                return;
            }

            if (_input.Length < Http2FrameHeader.Size + header.Length)
            {
                return;
            }

            Handle(header, _input.Span.Slice(Http2FrameHeader.Size, header.Length));
            _input.Consume(Http2FrameHeader.Size + header.Length);
        }
    }

    private void Handle(Http2FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (_continuedStreamId != 0
            && (header.Type != Http2FrameType.Continuation || header.StreamId != _continuedStreamId))
        {
            connection.Fail(Http2Error.Protocol, "a header block was interrupted by another frame");
            return;
        }

        switch (header.Type)
        {
            case Http2FrameType.Data:
                OnData(header, payload);
                break;
            case Http2FrameType.Headers:
                OnHeaders(header, payload);
                break;
            case Http2FrameType.Continuation:
                OnContinuation(header, payload);
                break;
            case Http2FrameType.ResetStream when payload.Length == 4:
                connection.OnReset(header.StreamId, BinaryPrimitives.ReadInt32BigEndian(payload));
                break;
            case Http2FrameType.WindowUpdate when payload.Length == 4:
                connection.OnWindowUpdate(header.StreamId, BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue);
                break;
            case Http2FrameType.Ping when payload.Length == 8:
                if (!header.Has(Http2FrameHeader.Ack))
                {
                    connection.OnPing(payload);
                }

                break;
            case Http2FrameType.GoAway when payload.Length >= 8:
                connection.OnGoAway(
                    BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue,
                    BinaryPrimitives.ReadInt32BigEndian(payload[4..]));
                break;
            case Http2FrameType.ResetStream or Http2FrameType.WindowUpdate or Http2FrameType.Ping or Http2FrameType.GoAway:
                connection.Fail(Http2Error.FrameSize, $"a {header.Type} frame has {payload.Length} bytes");
                break;
            case Http2FrameType.Settings:
                OnSettings(header, payload);
                break;
            case Http2FrameType.PushPromise:
                connection.Fail(Http2Error.Protocol, "it pushed a response although that was switched off");
                break;
        }
    }

    private void OnSettings(Http2FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (!header.Has(Http2FrameHeader.Ack))
        {
            _hasSettings = true;
            connection.OnSettings(payload);
        }
    }

    private void OnData(Http2FrameHeader header, ReadOnlySpan<byte> payload)
    {
        connection.OnReceivedData(payload.Length);
        if (!TryTrim(header, ref payload) || connection.Find(header.StreamId) is not { } stream)
        {
            return;
        }

        if (!payload.IsEmpty)
        {
            stream.OnData(payload);
        }

        if (header.Has(Http2FrameFlags.EndStream))
        {
            connection.OnEndOfStream(stream);
        }
    }

    private void OnHeaders(Http2FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (!TryTrim(header, ref payload))
        {
            return;
        }

        if (header.Has(Http2FrameFlags.EndHeaders))
        {
            OnHeaderBlock(header.StreamId, header.Has(Http2FrameFlags.EndStream), payload);
            return;
        }

        _continuedStreamId = header.StreamId;
        _continuedEndsStream = header.Has(Http2FrameFlags.EndStream);
        _headerBlock.Clear();
        _headerBlock.Append(payload);
    }

    private void OnContinuation(Http2FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (_continuedStreamId == 0 || _headerBlock.Length + payload.Length > LargestHeaderBlock)
        {
            connection.Fail(Http2Error.Protocol, "a header block is continued where none is open, or longer than 64 KiB");
            return;
        }

        _headerBlock.Append(payload);
        if (header.Has(Http2FrameFlags.EndHeaders))
        {
            _continuedStreamId = 0;
            OnHeaderBlock(header.StreamId, _continuedEndsStream, _headerBlock.Span);
        }
    }

    private void OnHeaderBlock(int streamId, bool endsStream, ReadOnlySpan<byte> block)
    {
        // Also decoded when nobody waits for it any more: the dynamic table must follow the server's.
        var stream = connection.Find(streamId);
        if (!_decoder.TryDecode(block, (IHeaderSink?)stream ?? DiscardingSink.Instance))
        {
            connection.Fail(Http2Error.Compression, "a header block does not decode");
            return;
        }

        if (endsStream && stream is not null)
        {
            connection.OnEndOfStream(stream);
        }
    }

    /// <summary>Takes padding and priority off a payload (RFC 9113 sections 6.1 and 6.2).</summary>
    private bool TryTrim(Http2FrameHeader header, ref ReadOnlySpan<byte> payload)
    {
        var padding = 0;
        if (header.Has(Http2FrameFlags.Padded) && !payload.IsEmpty)
        {
            padding = payload[0];
            payload = payload[1..];
        }

        var priority = header.Type == Http2FrameType.Headers && header.Has(Http2FrameFlags.Priority) ? 5 : 0;
        if (payload.Length < priority + padding || header.StreamId == 0)
        {
            connection.Fail(Http2Error.Protocol, $"a {header.Type} frame is padded beyond its end, or on no stream");
            return false;
        }

        payload = payload[priority..^padding];
        return true;
    }

    private sealed class DiscardingSink : IHeaderSink
    {
        public static DiscardingSink Instance { get; } = new();

        public void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
        {
        }
    }
}
