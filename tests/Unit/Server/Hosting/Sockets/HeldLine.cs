using Bedplate.Server.Hosting.Sockets;

namespace Bedplate.Tests.Unit.Server.Hosting.Sockets;

/// <summary>Somebody in the line of the calling thread whose turn lasts until it is let go.</summary>
internal sealed class HeldLine : IDisposable
{
    private readonly ManualResetEventSlim _letGo = new();

    // In this process it is the pool that waits for sockets and calls those in the line.
    public HeldLine() => SocketThreadLine.Join().OnCompleted(_letGo.Wait);

    public void LetGo() => _letGo.Set();

    // The event goes with the object, as whoever waits for it may not be through.
    public void Dispose() => LetGo();
}
