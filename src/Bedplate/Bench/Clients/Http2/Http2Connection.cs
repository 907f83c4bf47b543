using Bedplate.Bench.Clients.Sockets;
using Bedplate.Bench.Measurement;

namespace Bedplate.Bench.Clients.Http2;

/// <summary>What a connection needs from whoever owns several.</summary>
internal interface IHttp2Owner
{
    /// <summary>
    /// The connection has bytes to write at the end of this turn of the loop; said once until it wrote.
    /// </summary>
    void OnOutput(Http2Connection connection);

    /// <summary>
    /// The connection takes no new streams any more; it closes by itself when its last one has ended.
    /// </summary>
    void OnRetired(Http2Connection connection);
}

/// <summary>
/// A client's HTTP/2 connection (RFC 9113): many streams, each a request with all its body at hand. Streams opened
/// before the server's settings are known wait for them. Frames arrive through <see cref="Http2FrameReader"/> and
/// leave through <see cref="Http2Sender"/>.
/// </summary>
internal sealed class Http2Connection : Connection
{
    // The window that the server gets for all streams together, topped up whenever the threshold was used.
    private const int ReceiveWindow = 1 << 30;
    private const int WindowUpdateThreshold = 1 << 24;

    // Stream numbers are used once (RFC 9113 section 5.1.1). What is kept back is for those that already wait.
    private const int LastStreamId = int.MaxValue - 100_000;

    private readonly IHttp2Owner _owner;
    private readonly Http2Sender _sender;
    private readonly Http2FrameReader _reader;
    private readonly Dictionary<int, Http2Stream> _streams = [];
    private readonly Queue<Http2Stream> _waiting = new();
    private readonly int _streamLimit;
    private int _nextStreamId = 1;
    private int _receivedSinceUpdate;
    private bool _hasPeerSettings;
    private bool _hasOutput;
    private bool _isRetired;

    public Http2Connection(IHttp2Owner owner, Dialer dialer, Poller poller, RequestHeaderBlocks headers, int streamLimit)
        : base(dialer, poller)
    {
        _owner = owner;
        _sender = new Http2Sender(headers);
        _reader = new Http2FrameReader(this);
        _streamLimit = streamLimit;
    }

    /// <summary>Streams open or waiting to be.</summary>
    public int StreamCount => _streams.Count + _waiting.Count;

    /// <summary>Whether one more stream may be opened, by our own limit and the server's.</summary>
    public bool HasRoom => !_isRetired && StreamCount < Math.Min(_streamLimit, _sender.Peer.MaxConcurrentStreams);

    /// <summary>Whether frames are still of interest.</summary>
    internal bool IsOpen => Transport is not null;

    /// <summary>
    /// Sends a request as soon as settings and limits allow; the bytes go out with the owner's next flush.
    /// </summary>
    public void Start(Http2Stream stream, ReadOnlyMemory<byte> body)
    {
        stream.Unsent = body;
        _waiting.Enqueue(stream);
        StartWaiting();
    }

    /// <summary>Gives up on a stream; it is not called again.</summary>
    public void Cancel(Http2Stream stream)
    {
        if (_streams.ContainsKey(stream.Id))
        {
            Reset(stream.Id);
            Forget(stream);
            CloseWhenDone();
            return;
        }

        for (var turns = _waiting.Count; turns > 0; turns--)
        {
            var other = _waiting.Dequeue();
            if (!ReferenceEquals(other, stream))
            {
                _waiting.Enqueue(other);
            }
        }
    }

    /// <summary>Writes out what was gathered.</summary>
    public void FlushOutput()
    {
        _hasOutput = false;
        if (IsEstablished)
        {
            OnWritable();
        }
    }

    /// <inheritdoc/>
    protected override void OnEstablished()
    {
        var output = _sender.Output;
        output.Raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);

        // No push (2), and a window for each stream (4) that any answer fits in: only the connection's is kept up.
        output.Settings(((ushort)2, 0u), ((ushort)4, (uint)int.MaxValue));
        output.Number(Http2FrameType.WindowUpdate, 0, ReceiveWindow);
        OnWritable();
    }

    /// <inheritdoc/>
    protected override void OnReadable()
    {
        Progress progress;
        do
        {
            progress = Transport!.Receive(_reader.Buffer, out var count);
            if (progress == Progress.Done)
            {
                _reader.Advance(count);
            }
        }
        while (progress == Progress.Done && Transport is { HoldsReceived: true });

        if (progress == Progress.Ended)
        {
            Break(
                _hasPeerSettings ? OutcomeKind.ConnectionLost : OutcomeKind.ConnectFailed,
                Transport.Failure ?? "The server closed the connection.");
        }
    }

    /// <inheritdoc/>
    protected override void OnWritable()
    {
        var output = _sender.Output;
        var progress = Transport!.HasUnsent ? Transport.Flush() : Progress.Done;
        while (progress == Progress.Done && output.Length > 0)
        {
            progress = Transport.Send(output.Bytes, out var count);
            output.Consume(count);
            if (progress == Progress.Done)
            {
                _sender.PumpBlocked();
            }
        }

        // When writing failed, reading says so too, but after what the server may have said before it closed.
        WatchWritable(progress == Progress.WouldBlock);
    }

    /// <inheritdoc/>
    protected override void OnBroken(OutcomeKind kind, string cause)
    {
        Retire();
        _sender.Clear();
        EndAll(kind, cause, lastStreamId: 0);
    }

    internal void OnSettings(ReadOnlySpan<byte> payload)
    {
        var error = _sender.Apply(payload, _streams.Values);
        if (error != Http2Error.None)
        {
            Fail(error, "its SETTINGS are not valid");
            return;
        }

        _sender.Output.Frame(Http2FrameType.Settings, Http2FrameHeader.Ack, 0, default);
        _hasPeerSettings = true;
        StartWaiting();
        _sender.PumpBlocked();
        NoteOutput();
    }

    internal void OnPing(ReadOnlySpan<byte> payload)
    {
        _sender.Output.Frame(Http2FrameType.Ping, Http2FrameHeader.Ack, 0, payload);
        NoteOutput();
    }

    internal void OnWindowUpdate(int streamId, int increment)
    {
        if (increment == 0)
        {
            Fail(Http2Error.Protocol, "it sent a WINDOW_UPDATE of 0");
            return;
        }

        if (streamId == 0 && !_sender.TryRaiseWindow(increment))
        {
            Fail(Http2Error.FlowControl, "it raised the connection's window beyond 2^31-1");
            return;
        }

        if (_streams.TryGetValue(streamId, out var stream))
        {
            stream.SendWindow += increment;
        }

        _sender.PumpBlocked();
        NoteOutput();
    }

    internal void OnGoAway(int lastStreamId, int code)
    {
        Retire();
        EndAll(OutcomeKind.ConnectionLost, $"The server sent GOAWAY, code {code}, and did not take this request.", lastStreamId);
        CloseWhenDone();
    }

    internal void OnReset(int streamId, int code)
    {
        if (_streams.TryGetValue(streamId, out var stream))
        {
            Forget(stream);
            stream.OnBroken(OutcomeKind.StreamReset, $"The server reset the stream with HTTP/2 error {code}.", code);
            CloseWhenDone();
        }
    }

    /// <summary>The stream with this number, if its response is still awaited.</summary>
    internal Http2Stream? Find(int streamId) => _streams.GetValueOrDefault(streamId);

    /// <summary>The server ended its side of a stream.</summary>
    internal void OnEndOfStream(Http2Stream stream)
    {
        if (!stream.Unsent.IsEmpty)
        {
            // It answered before it had the whole request, and does not want the rest (RFC 9113 section 8.1).
            Reset(stream.Id);
        }

        Forget(stream);
        stream.OnComplete();
        CloseWhenDone();
    }

    /// <summary>Counts a DATA frame, padding included, against the connection's window.</summary>
    internal void OnReceivedData(int frameLength)
    {
        _receivedSinceUpdate += frameLength;
        if (_receivedSinceUpdate >= WindowUpdateThreshold)
        {
            _sender.Output.Number(Http2FrameType.WindowUpdate, 0, (uint)_receivedSinceUpdate);
            _receivedSinceUpdate = 0;
            NoteOutput();
        }
    }

    /// <summary>The server broke the protocol: says so to it, and ends all streams.</summary>
    internal void Fail(Http2Error error, string fault)
    {
        if (IsOpen)
        {
            // One try: the connection is closed next, whether or not the server reads why.
            _sender.Output.GoAway(error);
            Transport!.Send(_sender.Output.Bytes, out _);
            Break(OutcomeKind.Malformed, $"The server's HTTP/2 is not valid: {fault}.");
        }
    }

    private void StartWaiting()
    {
        if (!_hasPeerSettings)
        {
            return;
        }

        while (_streams.Count < _sender.Peer.MaxConcurrentStreams && _waiting.TryDequeue(out var stream))
        {
            stream.Id = _nextStreamId;
            _streams.Add(stream.Id, stream);
            _sender.Start(stream);
            NoteOutput();
            _nextStreamId += 2;
            if (_nextStreamId > LastStreamId)
            {
                Retire();
            }
        }
    }

    /// <summary>Takes a stream off the table, which may make room for one that waits.</summary>
    private void Forget(Http2Stream stream)
    {
        _streams.Remove(stream.Id);
        stream.Id = 0;
        Http2Sender.Stop(stream);
        if (_waiting.Count > 0)
        {
            StartWaiting();
        }
    }

    /// <summary>Ends the streams that wait and those above a number.</summary>
    private void EndAll(OutcomeKind kind, string cause, int lastStreamId)
    {
        // Copied first: what a stream's end leads to may reach this connection again.
        Http2Stream[] ended = [.. _streams.Values.Where(stream => stream.Id > lastStreamId), .. _waiting];
        _waiting.Clear();
        foreach (var stream in ended)
        {
            Forget(stream);
            stream.OnBroken(kind, cause);
        }
    }

    private void Reset(int streamId)
    {
        _sender.Output.Number(Http2FrameType.ResetStream, streamId, (uint)Http2Error.Cancel);
        NoteOutput();
    }

    private void NoteOutput()
    {
        if (!_hasOutput)
        {
            _hasOutput = true;
            _owner.OnOutput(this);
        }
    }

    private void Retire()
    {
        if (!_isRetired)
        {
            _isRetired = true;
            _owner.OnRetired(this);
        }
    }

    private void CloseWhenDone()
    {
        if (_isRetired && StreamCount == 0)
        {
            Close();
        }
    }
}
