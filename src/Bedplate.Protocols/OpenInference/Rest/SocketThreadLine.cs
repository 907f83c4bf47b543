using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Bedplate.Protocols.OpenInference.Rest;

/// <summary>
/// Where a request stands at the back of the line of a thread that waits for sockets: it goes on there once that thread has
/// looked after the other sockets that are ready. The line is itself one of them, a socket that hears when somebody
/// joins it, so that going there and back costs two small system calls and no change of thread.
/// </summary>
internal sealed partial class SocketThreadLine
{
    // Which of the threads waits for a socket is .NET's to say, so a line may belong to another thread than the one that
    // uses it, which does no harm. There are no more such threads than processors.
    private static readonly SocketThreadLine?[] Lines = new SocketThreadLine?[Environment.ProcessorCount];
    private static int _lastNumber;

    [ThreadStatic]
    private static int _numberOfThread;

    private readonly Lock _lock = new();
    private readonly Socket _bell;
    private readonly Socket _ear;
    private List<Action> _waiting = [];
    private List<Action> _going = [];

    private SocketThreadLine(Socket bell, Socket ear)
    {
        _bell = bell;
        _ear = ear;
        _ = ServeAsync();
    }

    /// <summary>
    /// <c>await SocketThreadLine.Join()</c> goes on when it is this request's turn again; on the pool where there can be
    /// no line.
    /// </summary>
    public static Place Join() => default;

    private static SocketThreadLine? OfThread()
    {
        if (_numberOfThread == 0)
        {
            _numberOfThread = Interlocked.Increment(ref _lastNumber);
        }

        ref var line = ref Lines[(uint)_numberOfThread % Lines.Length];
        return Volatile.Read(ref line) ?? Open(ref line);
    }

    private static SocketThreadLine? Open(ref SocketThreadLine? line)
    {
        lock (Lines)
        {
            return line ??= TryOpen();
        }
    }

    // For Linux, as SocketThread.IsTurnOver is. Out of descriptors, the pool has to do.
    private static SocketThreadLine? TryOpen()
    {
        const int UnixFamily = 1;
        const int StreamNotInherited = 1 | 0x80000;
        Span<int> ends = stackalloc int[2];
        return OperatingSystem.IsLinux() && SocketPair(UnixFamily, StreamNotInherited, protocol: 0, ends) == 0
            ? new SocketThreadLine(new Socket(new SafeSocketHandle(ends[0], ownsHandle: true)), new Socket(new SafeSocketHandle(ends[1], ownsHandle: true)))
            : null;
    }

    private void Add(Action goOn)
    {
        bool isFirst;
        lock (_lock)
        {
            _waiting.Add(goOn);
            isFirst = _waiting.Count == 1;
        }

        if (isFirst)
        {
            // Never full: there is no second byte before the first has been heard.
            ReadOnlySpan<byte> ring = [1];
            _bell.Send(ring);
        }
    }

    // For as long as the process runs; both ends are ours, so that nothing ends it.
    private async Task ServeAsync()
    {
        var ring = new byte[1];
        while (await _ear.ReceiveAsync(ring.AsMemory(), SocketFlags.None) > 0)
        {
            lock (_lock)
            {
                (_waiting, _going) = (_going, _waiting);
            }

            // Continuations of asynchronous methods: what they throw is kept in their tasks.
            foreach (var goOn in _going)
            {
                goOn();
            }

            _going.Clear();
        }
    }

    [LibraryImport("libc", EntryPoint = "socketpair", SetLastError = true)]
    private static partial int SocketPair(int family, int type, int protocol, Span<int> ends);

    /// <summary>A place in the line of the thread that awaits it.</summary>
    public readonly struct Place : ICriticalNotifyCompletion
    {
        /// <summary>Whether nobody is before it: not known without asking the system.</summary>
        public bool IsCompleted => false;

        /// <summary>Itself.</summary>
        public Place GetAwaiter() => this;

        /// <summary>Nothing came of waiting but the turn.</summary>
        public void GetResult()
        {
        }

        /// <inheritdoc/>
        public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

        /// <inheritdoc/>
        public void UnsafeOnCompleted(Action continuation)
        {
            if (OfThread() is { } line)
            {
                line.Add(continuation);
            }
            else
            {
                ThreadPool.UnsafeQueueUserWorkItem(static goOn => goOn(), continuation, preferLocal: false);
            }
        }
    }
}
