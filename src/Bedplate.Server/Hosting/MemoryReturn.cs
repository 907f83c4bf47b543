using Bedplate.Inference;

namespace Bedplate.Server.Hosting;

/// <summary>
/// Gives back what a burst has left behind: the engine's spare memory, blocks of the sockets, and, in a quiet moment,
/// what the collector keeps. A server shares its machine, and what it needed once it may not need for days.
/// </summary>
internal sealed class MemoryReturn(InferenceEngine engine, IReadOnlyList<PortListener> ports)
{
    // Longer than a service in use is silent, and soon enough for whoever waits for the memory.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    // So much garbage is worth a collection, which stops everything for some milliseconds.
    private const long LeastGarbageBytes = 16 << 20;

    private long _allocated = GC.GetTotalAllocatedBytes();
    private long _garbage;

    /// <summary>Looks again and again until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, engine.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                Look();
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private void Look()
    {
        var isQuiet = engine.GiveBackSpareMemory();
        var allocated = GC.GetTotalAllocatedBytes();

        // At most: what the collector has not found yet, and what it has found and kept for what is allocated next.
        _garbage += allocated - _allocated + ports.Sum(port => port.LetGoBlocks());
        _allocated = allocated;
        if (isQuiet && _garbage >= LeastGarbageBytes)
        {
            _garbage = 0;
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
    }
}
