using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Bedplate.Server.Hosting.Sockets;

/// <summary>
/// Where a connection stands at the back of the line of a thread that waits for sockets: it goes on there once that thread has
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

    // Guards who waits, whether the bell can be heard, and whether the line is closed. Those whose turn it is are
    // ServeAsync's alone, from one swap of the two lists to the next.
    private readonly Lock _lock = new();
    private readonly Socket _bell;
    private readonly Socket _ear;
    private List<Action> _waiting = [];
    private List<Action> _going = [];
    private bool _isListening;
    private bool _isClosed;

    /// <param name="bell">Where a byte is written once somebody stands in the line.</param>
    /// <param name="ear">Where that byte is heard.</param>
    internal SocketThreadLine(Socket bell, Socket ear)
    {
        _bell = bell;
        _ear = ear;
        _ = ServeAsync();
    }

    /// <summary>
    /// <c>await SocketThreadLine.Join()</c> goes on when it is the caller's turn again; on the pool where there can be
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

    // For Linux, as SocketThreads.RunThis is. Out of descriptors, the pool has to do.
    private static SocketThreadLine? TryOpen()
    {
        const int UnixFamily = 1;
        const int StreamNotInherited = 1 | 0x80000;
        Span<int> ends = stackalloc int[2];
        return OperatingSystem.IsLinux() && SocketPair(UnixFamily, StreamNotInherited, protocol: 0, ends) == 0
            ? new SocketThreadLine(new Socket(new SafeSocketHandle(ends[0], ownsHandle: true)), new Socket(new SafeSocketHandle(ends[1], ownsHandle: true)))
            : null;
    }

    /// <summary>Calls it when its turn has come, or on the pool if the line cannot tell when that is.</summary>
    internal void Add(Action goOn)
    {
        bool isClosed;
        lock (_lock)
        {
            _waiting.Add(goOn);
            isClosed = _isClosed;
        }

        if (isClosed)
        {
            LeaveToPool();
        }
        else
        {
            RingIfHeard();
        }
    }

    // A byte that is there when it is asked for is received at once, without a look at other sockets. So the bell is rung
    // only once somebody listens, and by one.
    private void RingIfHeard()
    {
        lock (_lock)
        {
            if (!_isListening || _waiting.Count == 0)
            {
                return;
            }

            _isListening = false;
        }

        // The socket is never full, as there is no second byte before the first has been heard; but the system may be out
        // of memory for the one.
        ReadOnlySpan<byte> ring = [1];
        if (_bell.Send(ring, SocketFlags.None, out var error) != 1 || error != SocketError.Success)
        {
            lock (_lock)
            {
                _isListening = true;
            }

            LeaveToPool();
        }
    }

    // For as long as the process runs; both ends are ours, so that nothing but a want of memory ends it.
    private async Task ServeAsync()
    {
        var ring = new byte[1];
        try
        {
            while (true)
            {
                var heard = _ear.ReceiveAsync(ring.AsMemory(), SocketFlags.None);
                lock (_lock)
                {
                    _isListening = true;
                }

                RingIfHeard();
                if (await heard == 0)
                {
                    break;
                }

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
        catch (SocketException)
        {
            // As if nothing more could be heard, which is so.
        }

        lock (_lock)
        {
            _isListening = false;
            _isClosed = true;
        }

        LeaveToPool();
    }

    private void LeaveToPool()
    {
        List<Action> left;
        lock (_lock)
        {
            left = _waiting;
            _waiting = [];
        }

        left.ForEach(GoOnOnPool);
    }

    private static void GoOnOnPool(Action goOn) => ThreadPool.UnsafeQueueUserWorkItem(static goOn => goOn(), goOn, preferLocal: false);

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
                GoOnOnPool(continuation);
            }
        }
    }
}
