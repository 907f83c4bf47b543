using Bedplate.Bench.Clients.Http2;
using Bedplate.Bench.Clients.Sockets;

namespace Bedplate.Bench.Clients.Grpc;

/// <summary>
/// gRPC over few HTTP/2 connections: each request goes to the one with the fewest streams, and another connection is
/// opened when all have as many as they should.
/// </summary>
internal sealed class GrpcChannel(
    Dialer dialer, Poller poller, IExchangeObserver observer, RequestHeaderBlocks headers, int streamsPerConnection)
    : RequestChannel, IHttp2Owner
{
    private readonly List<Http2Connection> _connections = [];
    private readonly List<Http2Connection> _withOutput = [];
    private readonly Stack<GrpcStream> _streams = new();

    public IExchangeObserver Observer { get; } = observer;

    /// <inheritdoc/>
    public override void Prepare(int requestsInFlight)
    {
        var wanted = (requestsInFlight + streamsPerConnection - 1) / streamsPerConnection;
        for (var missing = wanted - _connections.Count; missing > 0; missing--)
        {
            Create().Open();
        }
    }

    /// <inheritdoc/>
    public override void Send(Exchange exchange)
    {
        var stream = _streams.TryPop(out var idle) ? idle : new GrpcStream(this);
        if (LeastLoaded() is { } connection)
        {
            stream.Start(exchange, connection);
            return;
        }

        // The stream first: where connecting fails at once, it is the one to be told.
        connection = Create();
        stream.Start(exchange, connection);
        connection.Open();
    }

    /// <inheritdoc/>
    public override void Flush()
    {
        for (var i = 0; i < _withOutput.Count; i++)
        {
            _withOutput[i].FlushOutput();
        }

        _withOutput.Clear();
    }

    /// <inheritdoc/>
    public override void Abandon(Exchange exchange)
    {
        var stream = (GrpcStream)exchange.Carrier!;
        stream.Abandon();
        _streams.Push(stream);
    }

    /// <summary>A stream's answer was looked at.</summary>
    public void Reuse(GrpcStream stream) => _streams.Push(stream);

    /// <inheritdoc/>
    public void OnOutput(Http2Connection connection) => _withOutput.Add(connection);

    /// <inheritdoc/>
    public void OnRetired(Http2Connection connection) => _connections.Remove(connection);

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var connection in _connections)
        {
            connection.Close();
        }

        _connections.Clear();
    }

    private Http2Connection Create()
    {
        var connection = new Http2Connection(this, dialer, poller, headers, streamsPerConnection);
        _connections.Add(connection);
        return connection;
    }

    private Http2Connection? LeastLoaded()
    {
        Http2Connection? best = null;
        foreach (var connection in _connections)
        {
            if (connection.HasRoom && (best is null || connection.StreamCount < best.StreamCount))
            {
                best = connection;
            }
        }

        return best;
    }
}
