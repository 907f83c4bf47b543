using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;

namespace Bedplate.Protocols.OpenInference.Rest;

/// <summary>
/// Where a host lets the threads that wait for its sockets run requests, a small request is spared the way to another
/// thread, a quarter of its cost (docs/decisions/0004-requests-on-socket-threads.md). Such a thread holds up all sockets
/// it waits for, so it is left for whatever may take long, and now and then by a connection that always has a next
/// request. On a thread of the pool there is nothing to leave.
/// </summary>
internal static class SocketThread
{
    // Each may run a model for as long as the engine's bound for that, a tenth of a millisecond.
    private const int MostInARow = 16;

    // Text of this length is read or written in some fifty microseconds.
    private const long MostBytes = 16 << 10;

    [ThreadStatic]
    private static int s_connection;

    [ThreadStatic]
    private static int s_inARow;

    /// <summary>Whether this is such a thread.</summary>
    public static bool IsCurrent => !Thread.CurrentThread.IsThreadPoolThread;

    /// <summary>Whether this is such a thread and so much is more than it should read or write.</summary>
    public static bool IsTooMuch(long byteLength) => byteLength > MostBytes && IsCurrent;

    /// <summary>Whether this is such a thread and this connection has had its turn on it.</summary>
    public static bool IsTurnOver(HttpContext context)
    {
        if (!IsCurrent)
        {
            return false;
        }

        // A host that runs requests here keeps a context with its connection. Two connections of one hash share a turn.
        var connection = RuntimeHelpers.GetHashCode(context);
        if (connection != s_connection)
        {
            s_connection = connection;
            s_inARow = 0;
        }

        if (++s_inARow < MostInARow)
        {
            return false;
        }

        s_inARow = 0;
        return true;
    }
}
