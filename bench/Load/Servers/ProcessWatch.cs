namespace Bedplate.Bench.Load.Servers;

/// <summary>Looks at a process again and again until it is disposed.</summary>
internal sealed class ProcessWatch : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<(TimeSpan At, ProcessSample Sample)> _samples = [];
    private readonly Task _watching;

    public ProcessWatch(ServerProcess process, TimeSpan interval) => _watching = WatchAsync(process, interval);

    /// <summary>What was seen, in order; complete once the watch is disposed.</summary>
    public IReadOnlyList<(TimeSpan At, ProcessSample Sample)> Samples => _samples;

    /// <summary>Most resident memory seen.</summary>
    public long MaxResidentBytes => _samples.Max(each => each.Sample.ResidentBytes);

    /// <summary>Most threads seen.</summary>
    public int MaxThreads => _samples.Max(each => each.Sample.Threads);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private async Task WatchAsync(ServerProcess process, TimeSpan interval)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        using var timer = new PeriodicTimer(interval);
        try
        {
            do
            {
                _samples.Add((clock.Elapsed, process.Sample()));
            }
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            // Enough seen.
        }
    }
}
