namespace Bedplate.Bench.Clients;

/// <summary>
/// Carries the requests of one load thread to the server over one protocol. All calls, and all calls back, are on
/// that thread. How many requests are in flight is the caller's business: a channel opens what connections it takes.
/// </summary>
internal abstract class RequestChannel : IDisposable
{
    /// <summary>
    /// Opens the connections that so many requests in flight will need, so that the first do not wait for them.
    /// </summary>
    public abstract void Prepare(int requestsInFlight);

    /// <summary>
    /// Sends a request, or queues it on a connection that is still being made. It ends in exactly one call of
    /// <see cref="IExchangeObserver.OnEnded"/>, possibly before this returns where sending fails.
    /// </summary>
    public abstract void Send(Exchange exchange);

    /// <summary>Writes out what earlier calls gathered; to be called before waiting.</summary>
    public abstract void Flush();

    /// <summary>Gives up on a request without calling the observer.</summary>
    public abstract void Abandon(Exchange exchange);

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>Learns how exchanges ended.</summary>
internal interface IExchangeObserver
{
    /// <summary>Whether whole answers are wanted; otherwise channels count the bytes and drop them.</summary>
    bool WantsAnswers { get; }

    /// <summary>
    /// An exchange ended and is the observer's again. The answer's bytes are valid during the call only.
    /// </summary>
    void OnEnded(Exchange exchange, in ExchangeEnd end);
}
