namespace Bedplate.Protocols.OpenInference.Rest;

/// <summary>
/// Where a host lets the threads that wait for its sockets run requests, a small request is spared the way to another
/// thread, a quarter of its cost (docs/decisions/0004-requests-on-socket-threads.md). Such a thread holds up all sockets
/// it waits for, so it is left for whatever may take long. On a thread of the pool there is nothing to leave.
/// </summary>
internal static class SocketThread
{
    // Text of this length is read or written in some fifty microseconds.
    private const long MostBytes = 16 << 10;

    /// <summary>Whether this is such a thread.</summary>
    public static bool IsCurrent => !Thread.CurrentThread.IsThreadPoolThread;

    /// <summary>Whether this is such a thread and so much is more than it should read or write.</summary>
    public static bool IsTooMuch(long byteLength) => byteLength > MostBytes && IsCurrent;
}
