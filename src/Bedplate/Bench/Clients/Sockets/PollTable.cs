using System.Net.Sockets;

namespace Bedplate.Bench.Clients.Sockets;

/// <summary>
/// The sockets of a poller by small index. An index is reused after <see cref="Remove"/>, and the kernel may still
/// report the socket that had it before within the same wait; the generation tells the two apart.
/// </summary>
internal sealed class PollTable
{
    private readonly Stack<int> _free = new();
    private Entry[] _entries = new Entry[64];

    /// <summary>Indices ever used; all live ones are below.</summary>
    public int Length { get; private set; }

    public ref Entry this[int index] => ref _entries[index];

    public int Add(Socket socket, IReadyHandler handler)
    {
        if (!_free.TryPop(out var index))
        {
            index = Length++;
            if (index == _entries.Length)
            {
                Array.Resize(ref _entries, index * 2);
            }
        }

        ref var entry = ref _entries[index];
        entry.Socket = socket;
        entry.Handler = handler;
        entry.Generation++;
        return index;
    }

    public void Remove(int index)
    {
        ref var entry = ref _entries[index];
        entry.Socket = null;
        entry.Handler = null;
        entry.Read = false;
        entry.Write = false;
        _free.Push(index);
    }

    internal struct Entry
    {
        public Socket? Socket;
        public IReadyHandler? Handler;
        public uint Generation;
        public bool Read;
        public bool Write;
    }
}
