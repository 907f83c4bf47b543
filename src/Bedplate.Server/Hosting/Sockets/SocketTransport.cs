using System.Buffers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Bedplate.Server.Hosting.Sockets;

/// <summary>Kestrel's sockets, reading and writing in <see cref="SocketBlocks"/>, their connections taken in turns.</summary>
internal sealed class SocketTransport : IDisposable
{
    // The transport takes a pool of memory from an application's services only. This application is never started.
    private readonly WebApplication _services;
    private readonly SocketBlocks _blocks = new();

    /// <param name="loggers">Where the sockets' messages go.</param>
    /// <param name="configure">How sockets are waited for; null as Kestrel comes.</param>
    public SocketTransport(ILoggerFactory loggers, Action<SocketTransportOptions>? configure)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>>(_blocks);
        builder.Services.AddSingleton(loggers);
        if (configure is not null)
        {
            builder.Services.Configure(configure);
        }

        _services = builder.Build();
        Factory = new TurnTakingListener.Factory(_services.Services.GetRequiredService<IConnectionListenerFactory>());
    }

    /// <summary>What makes listeners.</summary>
    public IConnectionListenerFactory Factory { get; }

    /// <inheritdoc cref="SocketBlocks.LetGo"/>
    public long LetGoBlocks() => _blocks.LetGo();

    /// <inheritdoc/>
    public void Dispose() => ((IDisposable)_services).Dispose();
}
