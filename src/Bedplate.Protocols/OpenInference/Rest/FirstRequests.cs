namespace Bedplate.Protocols.OpenInference.Rest;

/// <summary>
/// The first requests of a kind, whose way is compiled as they go it: tens of milliseconds in all, for which a thread
/// that waits for sockets would hold up every one of them.
/// </summary>
internal sealed class FirstRequests
{
    // A model is run on the calling thread only after some runs elsewhere, and that way has to have been gone too.
    private const int Count = 32;

    private int _seen;

    /// <summary>Whether this is a thread that waits for sockets, and the request that runs on it is one of the first.</summary>
    public bool HasOne() =>
        Volatile.Read(ref _seen) < Count && SocketThread.IsCurrent && Interlocked.Increment(ref _seen) <= Count;
}
