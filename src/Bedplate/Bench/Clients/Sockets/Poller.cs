using System.Net.Sockets;

namespace Bedplate.Bench.Clients.Sockets;

/// <summary>What a <see cref="Poller"/> calls when a socket can be used without waiting.</summary>
internal interface IReadyHandler
{
    /// <summary>The socket has bytes (or its end, or an error) to read, or room to write, or both.</summary>
    void OnReady(bool readable, bool writable);
}

/// <summary>
/// Waits for many sockets on one thread and calls their handlers on that thread: no task, no thread-pool hop, no
/// allocation per wait. Level-triggered: a handler that leaves bytes unread is called again. Not thread-safe.
/// Why not .NET's own asynchronous sockets: docs/decisions/0005-bench-event-loop.md.
/// </summary>
internal abstract class Poller : IDisposable
{
    /// <summary>The best poller that this system has.</summary>
    public static Poller Create() => OperatingSystem.IsLinux() ? new EpollPoller() : new SelectPoller();

    /// <summary>Starts watching a socket and returns the token that names it here.</summary>
    public abstract int Add(Socket socket, IReadyHandler handler, bool read, bool write);

    /// <summary>Changes what a socket is watched for.</summary>
    public abstract void Watch(int token, bool read, bool write);

    /// <summary>Stops watching; to be called before the socket is closed.</summary>
    public abstract void Remove(int token);

    /// <summary>
    /// Waits up to <paramref name="timeoutNanoseconds"/> for any socket (0: does not wait), then calls the handlers
    /// of those that are ready. A handler may add and remove sockets, its own included.
    /// </summary>
    /// <returns>The time on <c>MonotonicClock</c> at which the wait ended, before any handler ran.</returns>
    public abstract long Poll(long timeoutNanoseconds);

    /// <inheritdoc/>
    public abstract void Dispose();
}
