using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Bedplate.Bench.Floor;

/// <summary>How sockets wake a floor. What each costs stands in bench/floors/README.md.</summary>
public enum FloorTransport
{
    /// <summary>
    /// The threads that wait for sockets, one per processor, read, answer and write by themselves, and read without
    /// asking first whether there is something to read.
    /// </summary>
    Inline = 0,

    /// <summary>As Kestrel comes: ready sockets are handed to the thread pool.</summary>
    Pool,
}

/// <summary>Sets a transport up.</summary>
internal static class FloorTransports
{
    // Read by .NET when the first socket is made.
    private const string InlineCompletionsVariable = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    public static void Apply(this FloorTransport transport, SocketTransportOptions options)
    {
        if (transport == FloorTransport.Inline)
        {
            Environment.SetEnvironmentVariable(InlineCompletionsVariable, "1");
            options.UnsafePreferInlineScheduling = true;
            options.WaitForDataBeforeAllocatingBuffer = false;
        }
    }
}
