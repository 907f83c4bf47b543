using System.Globalization;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Bedplate.Server.Hosting.Sockets;

/// <summary>
/// What the threads that wait for sockets do once one is ready: hand it to the thread pool, or go on by themselves
/// (docs/decisions/0004-requests-on-socket-threads.md).
/// </summary>
public static class SocketThreads
{
    // Read by .NET when the process's first socket is made.
    private const string InlineCompletionsVariable = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
    private const string ThreadCountVariable = "DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT";

    /// <summary>
    /// Whether this is one of them. Only Linux lets them run what is none of theirs; in the pool nobody is kept waiting.
    /// </summary>
    internal static bool RunThis => OperatingSystem.IsLinux() && !Thread.CurrentThread.IsThreadPoolThread;

    /// <summary>For a port whose requests leave these threads by themselves where they may take long.</summary>
    internal static void ForSmallRequests(SocketTransportOptions sockets)
    {
        sockets.UnsafePreferInlineScheduling = true;

        // Asking first whether there is something to read is a system call more for each request; not asking holds a
        // block for each connection at rest.
        sockets.WaitForDataBeforeAllocatingBuffer = false;
    }

    /// <summary>
    /// Lets them run requests in this process, for ports that want it, on Linux. To be called before there is a socket;
    /// without it, or with the variable set to another value, the thread pool runs all.
    /// </summary>
    /// <remarks>
    /// There are half as many as processors, and not .NET's one per processor: with one for each they and whoever asks
    /// or computes take turns on the processors, which costs a third more per request and lengthens the tail.
    /// </remarks>
    public static void RunRequests()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        SetUnlessSet(InlineCompletionsVariable, "1");
        SetUnlessSet(ThreadCountVariable, Math.Max(1, Environment.ProcessorCount / 2).ToString(CultureInfo.InvariantCulture));
    }

    private static void SetUnlessSet(string variable, string value)
    {
        if (Environment.GetEnvironmentVariable(variable) is null)
        {
            Environment.SetEnvironmentVariable(variable, value);
        }
    }
}
