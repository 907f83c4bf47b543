using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;

namespace Bedplate.Protocols.OpenInference.Rest;

/// <summary>
/// Where a host lets the threads that wait for its sockets run requests, a small request is spared the way to another
/// thread, a quarter of its cost (docs/decisions/0004-requests-on-socket-threads.md). Such a thread holds up all sockets
/// it waits for, so it is left for whatever may take long, and a connection that always has a next request goes to the
/// back of its line (<see cref="SocketThreadLine"/>). On a thread of the pool there is nothing to leave.
/// </summary>
internal static class SocketThread
{
    // How long one connection may keep the others waiting: a request or two, as standing in line costs a tenth of one.
    private static readonly long LongestTurnTicks = Stopwatch.Frequency / 20_000;

    // Text of this length is read or written in some fifty microseconds.
    private const long MostBytes = 16 << 10;

    [ThreadStatic]
    private static int _connection;

    [ThreadStatic]
    private static long _turnBegan;

    /// <summary>Whether this is such a thread.</summary>
    public static bool IsCurrent => !Thread.CurrentThread.IsThreadPoolThread;

    /// <summary>Whether this is such a thread and so much is more than it should read or write.</summary>
    public static bool IsTooMuch(long byteLength) => byteLength > MostBytes && IsCurrent;

    /// <summary>Whether this is such a thread and this connection has had its turn on it.</summary>
    /// <param name="context">The connection's context.</param>
    /// <param name="now">The present moment, by <see cref="Stopwatch.GetTimestamp"/>.</param>
    public static bool IsTurnOver(HttpContext context, long now)
    {
        if (!IsCurrent || !OperatingSystem.IsLinux())
        {
            return false;
        }

        // A host that runs requests here keeps a context with its connection. Two connections of one hash share a turn.
        var connection = RuntimeHelpers.GetHashCode(context);
        if (connection != _connection)
        {
            _connection = connection;
            _turnBegan = now;
            return false;
        }

        if (now - _turnBegan < LongestTurnTicks)
        {
            return false;
        }

        _connection = 0;
        return true;
    }
}
