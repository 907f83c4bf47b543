using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Bedplate.Bench.Clients.Http2;

namespace Bedplate.Tests.Unit.Bench.Clients.Http2;

/// <summary>The server's end of an HTTP/2 connection, frame by frame, for scripts.</summary>
internal sealed class Http2Peer(NetworkStream stream)
{
    private readonly HpackDecoder _decoder = new(4096);

    /// <summary>Reads the client's preface and sends settings, as pairs of identifier and value.</summary>
    public async Task GreetAsync(params (ushort Identifier, uint Value)[] settings)
    {
        var preface = new byte[24];
        await stream.ReadExactlyAsync(preface);
        Assert.Equal("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Encoding.ASCII.GetString(preface));
        await SendSettingsAsync(settings);
    }

    public async Task SendSettingsAsync(params (ushort Identifier, uint Value)[] settings)
    {
        var payload = new byte[settings.Length * 6];
        for (var i = 0; i < settings.Length; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(payload.AsSpan(i * 6), settings[i].Identifier);
            BinaryPrimitives.WriteUInt32BigEndian(payload.AsSpan(i * 6 + 2), settings[i].Value);
        }

        await SendAsync(Http2FrameType.Settings, 0, 0, payload);
    }

    public async Task<(Http2FrameHeader Header, byte[] Payload)> ReadAsync()
    {
        var bytes = new byte[Http2FrameHeader.Size];
        await stream.ReadExactlyAsync(bytes);
        var header = Http2FrameHeader.Read(bytes);
        var payload = new byte[header.Length];
        await stream.ReadExactlyAsync(payload);
        return (header, payload);
    }

    /// <summary>Passes over frames until one of a type; SETTINGS acknowledgements do not count as SETTINGS.</summary>
    public async Task<(Http2FrameHeader Header, byte[] Payload)> ReadAsync(Http2FrameType type)
    {
        while (true)
        {
            var frame = await ReadAsync();
            if (frame.Header.Type == type)
            {
                return frame;
            }
        }
    }

    /// <summary>Reads a whole request; its header fields and its body.</summary>
    public async Task<(int StreamId, List<string> Fields, byte[] Body)> ReadRequestAsync()
    {
        var (header, payload) = await ReadAsync(Http2FrameType.Headers);
        var sink = new HpackDecoderTests.Sink();
        Assert.True(_decoder.TryDecode(payload, sink));
        using var body = new MemoryStream();
        var ended = false;
        while (!ended)
        {
            var (data, bytes) = await ReadAsync(Http2FrameType.Data);
            Assert.Equal(header.StreamId, data.StreamId);
            body.Write(bytes);
            ended = data.Has(Http2FrameFlags.EndStream);
        }

        return (header.StreamId, sink.Fields, body.ToArray());
    }

    /// <summary>A whole gRPC answer: headers, one message, trailers.</summary>
    public async Task AnswerAsync(int streamId, string message)
    {
        await SendAsync(Http2FrameType.Headers, Http2FrameFlags.EndHeaders, streamId, Headers(":status: 200"));
        await SendAsync(Http2FrameType.Data, 0, streamId, Message(message));
        await TrailersAsync(streamId);
    }

    public Task TrailersAsync(int streamId) =>
        SendAsync(Http2FrameType.Headers, Http2FrameFlags.EndHeaders | Http2FrameFlags.EndStream, streamId, Headers("grpc-status: 0"));

    public async Task SendAsync(Http2FrameType type, Http2FrameFlags flags, int streamId, byte[] payload)
    {
        var frame = new byte[Http2FrameHeader.Size + payload.Length];
        new Http2FrameHeader(payload.Length, type, flags, streamId).Write(frame);
        payload.CopyTo(frame, Http2FrameHeader.Size);
        await stream.WriteAsync(frame);
    }

    public Task SendNumberAsync(Http2FrameType type, int streamId, uint number)
    {
        var payload = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(payload, number);
        return SendAsync(type, 0, streamId, payload);
    }

    /// <summary>A header block of "name: value" fields that are not to be remembered.</summary>
    public static byte[] Headers(params string[] fields)
    {
        var block = new List<byte>();
        foreach (var field in fields)
        {
            var at = field.IndexOf(": ", StringComparison.Ordinal);
            HpackWriter.Once(block, 0, Encoding.ASCII.GetBytes(field[..at]), Encoding.ASCII.GetBytes(field[(at + 2)..]));
        }

        return [.. block];
    }

    /// <summary>A message behind gRPC's prefix.</summary>
    public static byte[] Message(string text)
    {
        var bytes = new byte[5 + text.Length];
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(1), text.Length);
        Encoding.ASCII.GetBytes(text, bytes.AsSpan(5));
        return bytes;
    }
}
