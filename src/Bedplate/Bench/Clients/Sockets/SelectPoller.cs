using System.Net.Sockets;
using Bedplate.Bench.Measurement;

namespace Bedplate.Bench.Clients.Sockets;

/// <summary>
/// The portable poller, for systems without epoll: <see cref="Socket.Select(System.Collections.IList, System.Collections.IList, System.Collections.IList, int)"/>
/// over all sockets at each wait. It costs time per open socket and its timeouts are as coarse as the system's select.
/// </summary>
internal sealed class SelectPoller : Poller
{
    private readonly PollTable _table = new();
    private readonly List<Socket> _read = [];
    private readonly List<Socket> _write = [];
    private readonly Dictionary<Socket, int> _tokens = [];
    private readonly List<(int Token, uint Generation, bool Readable, bool Writable)> _ready = [];

    /// <inheritdoc/>
    public override int Add(Socket socket, IReadyHandler handler, bool read, bool write)
    {
        var token = _table.Add(socket, handler);
        _tokens.Add(socket, token);
        Watch(token, read, write);
        return token;
    }

    /// <inheritdoc/>
    public override void Watch(int token, bool read, bool write)
    {
        ref var entry = ref _table[token];
        entry.Read = read;
        entry.Write = write;
    }

    /// <inheritdoc/>
    public override void Remove(int token)
    {
        _tokens.Remove(_table[token].Socket!);
        _table.Remove(token);
    }

    /// <inheritdoc/>
    public override long Poll(long timeoutNanoseconds)
    {
        _read.Clear();
        _write.Clear();
        for (var i = 0; i < _table.Length; i++)
        {
            ref var entry = ref _table[i];
            if (entry.Read)
            {
                _read.Add(entry.Socket!);
            }

            if (entry.Write)
            {
                _write.Add(entry.Socket!);
            }
        }

        if (_read.Count == 0 && _write.Count == 0)
        {
            Thread.Sleep(TimeSpan.FromMicroseconds(timeoutNanoseconds / 1000));
            return MonotonicClock.Now;
        }

        Socket.Select(_read, _write, checkError: null, TimeSpan.FromMicroseconds((timeoutNanoseconds + 999) / 1000));
        var woken = MonotonicClock.Now;
        Dispatch();
        return woken;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
    }

    private void Dispatch()
    {
        _ready.Clear();
        foreach (var socket in _read)
        {
            var token = _tokens[socket];
            _ready.Add((token, _table[token].Generation, true, _write.Contains(socket)));
        }

        foreach (var socket in _write)
        {
            if (!_read.Contains(socket))
            {
                var token = _tokens[socket];
                _ready.Add((token, _table[token].Generation, false, true));
            }
        }

        foreach (var (token, generation, readable, writable) in _ready)
        {
            ref var entry = ref _table[token];
            if (entry.Handler is not null && entry.Generation == generation)
            {
                entry.Handler.OnReady(readable, writable);
            }
        }
    }
}
