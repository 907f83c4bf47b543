using Bedplate.Bench.Clients.Sockets;

namespace Bedplate.Bench.Clients.Http1;

/// <summary>HTTP/1.1: one connection per request in flight, kept alive and used last-in first-out.</summary>
internal sealed class Http1Channel(Dialer dialer, Poller poller, IExchangeObserver observer) : RequestChannel
{
    // Larger than a usual answer, and a multiple of what a loopback segment carries.
    private const int ReceiveBufferSize = 128 * 1024;

    // Every connection is either in here or has a request; one that closed while idle stays and connects when needed.
    private readonly Stack<Http1Connection> _idle = new();
    private readonly List<Http1Connection> _all = [];

    public Dialer Dialer { get; } = dialer;

    public Poller Poller { get; } = poller;

    public IExchangeObserver Observer { get; } = observer;

    /// <summary>Shared by all connections: each leaves nothing in it between two calls.</summary>
    public byte[] ReceiveBuffer { get; } = GC.AllocateUninitializedArray<byte>(ReceiveBufferSize, pinned: true);

    /// <inheritdoc/>
    public override void Prepare(int requestsInFlight)
    {
        while (_all.Count < requestsInFlight)
        {
            var connection = Create();
            _idle.Push(connection);
            connection.Open();
        }
    }

    /// <inheritdoc/>
    public override void Send(Exchange exchange)
    {
        if (!_idle.TryPop(out var connection))
        {
            connection = Create();
        }

        connection.Send(exchange);
    }

    /// <inheritdoc/>
    public override void Flush()
    {
        // Each request is its own write already.
    }

    /// <inheritdoc/>
    public override void Abandon(Exchange exchange) => ((Http1Connection)exchange.Carrier!).Abandon();

    /// <summary>A connection can take the next request.</summary>
    public void Idle(Http1Connection connection) => _idle.Push(connection);

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var connection in _all)
        {
            connection.Close();
        }

        _all.Clear();
        _idle.Clear();
    }

    private Http1Connection Create()
    {
        var connection = new Http1Connection(this);
        _all.Add(connection);
        return connection;
    }
}
