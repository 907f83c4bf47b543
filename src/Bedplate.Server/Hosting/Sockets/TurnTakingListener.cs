using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Bedplate.Server.Hosting.Sockets;

/// <summary>
/// Takes connections so that a thread which waits for sockets looks at others between any two of them: each new one is read
/// as far as there is something, and where clients connect faster than that there is always another.
/// </summary>
internal sealed class TurnTakingListener(IConnectionListener inner) : IConnectionListener
{
    /// <inheritdoc/>
    public EndPoint EndPoint => inner.EndPoint;

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        var connection = await inner.AcceptAsync(cancellationToken);
        if (SocketThreads.RunThis)
        {
            await SocketThreadLine.Join();
        }

        return connection;
    }

    /// <inheritdoc/>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => inner.UnbindAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => inner.DisposeAsync();

    /// <summary>Makes such listeners of another's.</summary>
    internal sealed class Factory(IConnectionListenerFactory inner) : IConnectionListenerFactory
    {
        /// <inheritdoc/>
        public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
            new TurnTakingListener(await inner.BindAsync(endpoint, cancellationToken));
    }
}
