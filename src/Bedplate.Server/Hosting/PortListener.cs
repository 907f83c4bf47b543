using System.Net;
using System.Net.Sockets;
using Bedplate.Server.Hosting.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Bedplate.Server.Hosting;

/// <summary>
/// One port of the server: Kestrel, and what answers there. Kestrel is started by itself and not within ASP.NET's
/// generic host, whose per-request activity and logging scopes would be a tenth of a small request's cost; what those
/// give is done where a request is known to be one.
/// </summary>
internal sealed class PortListener : IAsyncDisposable
{
    private readonly SocketTransport _transport;
    private readonly KestrelServer _kestrel;
    private readonly string _name;

    /// <summary>Prepares a port; <see cref="StartAsync"/> binds it.</summary>
    /// <param name="name">What it is for, for messages.</param>
    /// <param name="configure">Limits and endpoint of Kestrel.</param>
    /// <param name="loggers">Where Kestrel and its sockets log.</param>
    /// <param name="sockets">How sockets are waited for; null as Kestrel comes, which hands every request to the thread pool.</param>
    public PortListener(string name, Action<KestrelServerOptions> configure, ILoggerFactory loggers, Action<SocketTransportOptions>? sockets = null)
    {
        _name = name;
        var options = new KestrelServerOptions { AddServerHeader = false };
        configure(options);
        _transport = new SocketTransport(loggers, sockets);
        _kestrel = new KestrelServer(Options.Create(options), _transport.Factory, loggers);
    }

    /// <summary>Where it listens, once it does.</summary>
    public IPEndPoint EndPoint { get; private set; } = new(IPAddress.None, 0);

    /// <summary>Binds the port; requests go to <paramref name="handler"/> from here on.</summary>
    /// <exception cref="ServerStartException">The address cannot be bound; the message says what to do.</exception>
    public async Task StartAsync(RequestDelegate handler, CancellationToken cancellationToken)
    {
        try
        {
            await _kestrel.StartAsync(new PooledContextApplication(handler), cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or SocketException or AddressInUseException)
        {
            throw new ServerStartException(
                $"the {_name} port cannot be bound: {exception.Message} Choose another with --{_name}-port, or stop what uses it.", exception);
        }

        var address = new Uri(_kestrel.Features.Get<IServerAddressesFeature>()!.Addresses.First());
        EndPoint = new IPEndPoint(IPAddress.Parse(address.Host.Trim('[', ']')), address.Port);
    }

    /// <summary>Takes no further connection, and waits for the requests in flight until cancelled.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _kestrel.StopAsync(cancellationToken);

    /// <inheritdoc cref="SocketBlocks.LetGo"/>
    public long LetGoBlocks() => _transport.LetGoBlocks();

    public ValueTask DisposeAsync()
    {
        _kestrel.Dispose();
        _transport.Dispose();
        return ValueTask.CompletedTask;
    }
}
