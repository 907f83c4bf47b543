using System.Diagnostics;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;

namespace Bedplate.Server.Hosting.Sockets;

/// <summary>
/// Reads a connection whose reader may run on a thread that waits for sockets: once it has had the thread for its turn, it
/// goes to the back of that thread's line (<see cref="SocketThreadLine"/>). A client that pipelines requests, or sends a
/// large body from the same machine, has always more to read, and the thread would not look at any other socket.
/// </summary>
/// <remarks>
/// While the reader stands in line, what the connection receives fills its pipe; when that is full, the thread is free.
/// So a turn lasts what it takes to read the pipe empty and to fill it, or this time if that is longer.
/// </remarks>
internal sealed class TurnTakingReader(PipeReader inner) : PipeReader
{
    // A request or two, as standing in line costs a tenth of one.
    private static readonly long LongestTurnTicks = Stopwatch.Frequency / 20_000;

    private static long _lastId;

    // Whose turn it is on this thread, 0 for nobody's, and since when.
    [ThreadStatic]
    private static long _holder;

    [ThreadStatic]
    private static long _turnBegan;

    private readonly long _id = Interlocked.Increment(ref _lastId);

    /// <summary>Has the connections of an endpoint read so.</summary>
    public static ConnectionDelegate OnConnections(ConnectionDelegate next) => connection =>
    {
        connection.Transport = new Transport(new TurnTakingReader(connection.Transport.Input), connection.Transport.Output);
        return next(connection);
    };

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var result = await inner.ReadAsync(cancellationToken);
        if (IsTurnOver(Stopwatch.GetTimestamp()))
        {
            _holder = 0;
            await SocketThreadLine.Join();
        }

        return result;
    }

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        // Whoever is told that there is nothing yet waits in ReadAsync.
        result = default;
        return !IsTurnOver(Stopwatch.GetTimestamp()) && inner.TryRead(out result);
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => inner.AdvanceTo(consumed, examined);

    /// <inheritdoc/>
    public override void CancelPendingRead() => inner.CancelPendingRead();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    /// <inheritdoc/>
    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    /// <summary>Whether this is a thread that waits for sockets and this connection has had its turn on it.</summary>
    /// <param name="now">The present moment, by <see cref="Stopwatch.GetTimestamp"/>.</param>
    internal bool IsTurnOver(long now)
    {
        if (!SocketThreads.RunThis)
        {
            return false;
        }

        if (_holder != _id)
        {
            _holder = _id;
            _turnBegan = now;
            return false;
        }

        return now - _turnBegan >= LongestTurnTicks;
    }

    private sealed record Transport(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
