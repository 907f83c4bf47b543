using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Bedplate.Server.Hosting;

/// <summary>
/// What the threads that wait for sockets do once one is ready: hand it to the thread pool, or go on by themselves
/// (docs/decisions/0004-requests-on-socket-threads.md).
/// </summary>
public static class SocketThreads
{
    // Read by .NET when the process's first socket is made. With it there is one such thread per processor.
    private const string InlineCompletionsVariable = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>For a port whose requests leave these threads by themselves where they may take long.</summary>
    internal static SocketTransportOptions ForSmallRequests => new()
    {
        UnsafePreferInlineScheduling = true,

        // Asking first whether there is something to read is a system call more for each request; not asking holds 4 KiB
        // for each connection at rest.
        WaitForDataBeforeAllocatingBuffer = false,
    };

    /// <summary>For a port that hands every request to the thread pool.</summary>
    internal static SocketTransportOptions ForWaiting => new();

    /// <summary>
    /// Lets them run requests in this process, for ports that want it. To be called before there is a socket; without
    /// it, or with the variable set to another value, the thread pool runs all.
    /// </summary>
    public static void RunRequests()
    {
        if (Environment.GetEnvironmentVariable(InlineCompletionsVariable) is null)
        {
            Environment.SetEnvironmentVariable(InlineCompletionsVariable, "1");
        }
    }
}
