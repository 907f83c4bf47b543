namespace Bedplate.Bench.Clients.Http2;

/// <summary>
/// What a connection sends and how much of it the server allows: header blocks, bodies within the flow-control
/// windows (RFC 9113 section 5.2), and the frames gathered for one write.
/// </summary>
internal sealed class Http2Sender(RequestHeaderBlocks headers)
{
    // Beyond this much waiting for the socket, bodies wait in their streams instead of being copied.
    private const int OutputLimit = 1 << 20;

    private readonly RequestHeaderState _headers = new(headers);
    private readonly Queue<Http2Stream> _blocked = new();
    private long _window = 65_535;

    /// <summary>The server's settings.</summary>
    public Http2PeerSettings Peer { get; } = new();

    /// <summary>What is to be written.</summary>
    public Http2Output Output { get; } = new();

    /// <summary>Sends a stream's headers and as much of its body as may go.</summary>
    public void Start(Http2Stream stream)
    {
        stream.Sender = this;
        stream.SendWindow = Peer.InitialWindowSize;
        Output.Frame(Http2FrameType.Headers, Http2FrameFlags.EndHeaders, stream.Id, _headers.Next().Span);
        Pump(stream);
    }

    /// <summary>Sends nothing more of a stream; it may be in the queue of the blocked ones still.</summary>
    public static void Stop(Http2Stream stream)
    {
        stream.Sender = null;
        stream.Unsent = default;
    }

    /// <summary>Takes over the server's settings, for the open streams too.</summary>
    public Http2Error Apply(ReadOnlySpan<byte> settings, Dictionary<int, Http2Stream>.ValueCollection openStreams)
    {
        var windowBefore = Peer.InitialWindowSize;
        var error = Peer.Apply(settings);
        foreach (var stream in openStreams)
        {
            stream.SendWindow += Peer.InitialWindowSize - windowBefore;
        }

        _headers.Limit(Peer.HeaderTableSize);
        return error;
    }

    /// <summary>Raises the connection's window; false when that passes the largest allowed.</summary>
    public bool TryRaiseWindow(int increment)
    {
        _window += increment;
        return _window <= int.MaxValue;
    }

    /// <summary>Sends on what had to wait for a window or for the socket.</summary>
    public void PumpBlocked()
    {
        for (var turns = _blocked.Count; turns > 0; turns--)
        {
            var stream = _blocked.Dequeue();
            if (ReferenceEquals(stream.Sender, this))
            {
                Pump(stream);
            }
        }
    }

    /// <summary>Forgets all; the connection is gone.</summary>
    public void Clear()
    {
        Output.Clear();
        _blocked.Clear();
    }

    private void Pump(Http2Stream stream)
    {
        while (!stream.Unsent.IsEmpty)
        {
            var allowed = Math.Min(Math.Min(stream.SendWindow, _window), Peer.MaxFrameSize);
            if (allowed <= 0 || Output.Length > OutputLimit)
            {
                _blocked.Enqueue(stream);
                return;
            }

            var payload = stream.Unsent[..(int)Math.Min(allowed, stream.Unsent.Length)];
            stream.Unsent = stream.Unsent[payload.Length..];
            stream.SendWindow -= payload.Length;
            _window -= payload.Length;
            var flags = stream.Unsent.IsEmpty ? Http2FrameFlags.EndStream : Http2FrameFlags.None;
            Output.Frame(Http2FrameType.Data, flags, stream.Id, payload.Span);
        }
    }
}
