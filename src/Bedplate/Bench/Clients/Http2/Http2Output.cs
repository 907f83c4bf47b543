using System.Buffers.Binary;

namespace Bedplate.Bench.Clients.Http2;

/// <summary>Frames on their way out, gathered so that many cost one write.</summary>
internal sealed class Http2Output
{
    private readonly ByteBuffer _buffer = new(16 * 1024);

    /// <summary>The bytes to write.</summary>
    public ReadOnlyMemory<byte> Bytes => _buffer.Memory;

    /// <summary>How many they are.</summary>
    public int Length => _buffer.Length;

    /// <summary>They were written.</summary>
    public void Consume(int count) => _buffer.Consume(count);

    /// <summary>Forgets all; for a new connection.</summary>
    public void Clear() => _buffer.Clear();

    /// <summary>Bytes that are no frame: the connection preface.</summary>
    public void Raw(ReadOnlySpan<byte> bytes) => _buffer.Append(bytes);

    /// <summary>A whole frame.</summary>
    public void Frame(Http2FrameType type, Http2FrameFlags flags, int streamId, ReadOnlySpan<byte> payload)
    {
        var destination = _buffer.Reserve(Http2FrameHeader.Size + payload.Length);
        new Http2FrameHeader(payload.Length, type, flags, streamId).Write(destination);
        payload.CopyTo(destination[Http2FrameHeader.Size..]);
        _buffer.Advance(Http2FrameHeader.Size + payload.Length);
    }

    /// <summary>A frame whose payload is one number: WINDOW_UPDATE and RST_STREAM.</summary>
    public void Number(Http2FrameType type, int streamId, uint number)
    {
        Span<byte> payload = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(payload, number);
        Frame(type, Http2FrameFlags.None, streamId, payload);
    }

    /// <summary>Our settings, as pairs of identifier and value.</summary>
    public void Settings(params ReadOnlySpan<(ushort Identifier, uint Value)> settings)
    {
        Span<byte> payload = stackalloc byte[settings.Length * 6];
        for (var i = 0; i < settings.Length; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(payload[(i * 6)..], settings[i].Identifier);
            BinaryPrimitives.WriteUInt32BigEndian(payload[(i * 6 + 2)..], settings[i].Value);
        }

        Frame(Http2FrameType.Settings, Http2FrameFlags.None, 0, payload);
    }

    /// <summary>Says why we leave.</summary>
    public void GoAway(Http2Error error)
    {
        Span<byte> payload = stackalloc byte[8];
        payload.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(payload[4..], (uint)error);
        Frame(Http2FrameType.GoAway, Http2FrameFlags.None, 0, payload);
    }
}
