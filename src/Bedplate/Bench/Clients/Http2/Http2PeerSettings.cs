using System.Buffers.Binary;

namespace Bedplate.Bench.Clients.Http2;

/// <summary>
/// What the server allows (RFC 9113 section 6.5.2), with the specification's values until it says otherwise.
/// </summary>
internal sealed class Http2PeerSettings
{
    private const int SmallestMaxFrameSize = 16_384;
    private const int LargestMaxFrameSize = 16_777_215;

    /// <summary>Bytes of its HPACK decoder's dynamic table.</summary>
    public int HeaderTableSize { get; private set; } = 4096;

    /// <summary>Streams open at a time.</summary>
    public int MaxConcurrentStreams { get; private set; } = int.MaxValue;

    /// <summary>Bytes of DATA that a new stream may send before a WINDOW_UPDATE.</summary>
    public int InitialWindowSize { get; private set; } = 65_535;

    /// <summary>The largest frame payload it takes.</summary>
    public int MaxFrameSize { get; private set; } = SmallestMaxFrameSize;

    /// <summary>Takes over a SETTINGS payload; says which error it is when it breaks a rule.</summary>
    public Http2Error Apply(ReadOnlySpan<byte> payload)
    {
        if (payload.Length % 6 != 0)
        {
            return Http2Error.FrameSize;
        }

        for (; !payload.IsEmpty; payload = payload[6..])
        {
            var value = BinaryPrimitives.ReadUInt32BigEndian(payload[2..]);
            switch (BinaryPrimitives.ReadUInt16BigEndian(payload))
            {
                case 1:
                    HeaderTableSize = (int)Math.Min(value, int.MaxValue);
                    break;
                case 3:
                    MaxConcurrentStreams = (int)Math.Min(value, int.MaxValue);
                    break;
                case 4 when value > int.MaxValue:
                    return Http2Error.FlowControl;
                case 4:
                    InitialWindowSize = (int)value;
                    break;
                case 5 when value is < SmallestMaxFrameSize or > LargestMaxFrameSize:
                    return Http2Error.Protocol;
                case 5:
                    MaxFrameSize = (int)value;
                    break;
            }
        }

        return Http2Error.None;
    }
}
