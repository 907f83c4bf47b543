using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Bedplate.Protocols.OpenInference.Repository.Files;
using Microsoft.Extensions.Logging;

namespace Bedplate.Protocols.OpenInference.Repository;

/// <summary>
/// Follows repositories as they change: reads them when the file system reports a change and, since it need not, at
/// intervals; hands out what has been still for the settle time. A repository that cannot be read for a while leaves
/// everything as it is.
/// </summary>
public sealed partial class RepositoryWatcher(
    ModelRepositoryScanner scanner, RepositoryWatchOptions options, TimeProvider time, ILogger<RepositoryWatcher> logger)
{
    /// <summary>
    /// Gives a scan each time the settled state differs from the one before, until cancelled. The reader may take its
    /// time: reading goes on only when it comes back, and then with the present state.
    /// </summary>
    /// <param name="initial">What holds already; the first scan given differs from it.</param>
    /// <param name="cancellationToken">Ends the watching.</param>
    public async IAsyncEnumerable<RepositoryScan> WatchAsync(
        RepositoryScan initial, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // One place is enough: a change that is reported while one is waiting is seen by the same reading.
        var reports = Channel.CreateBounded<bool>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
        using var watchers = new FileWatchers(scanner.Options.Paths, () => reports.Writer.TryWrite(true), LogNotWatched);
        var settler = new ScanSettler(initial, options.SettleTime);
        var start = time.GetTimestamp();

        // The first reading is made at once: changes since the initial one were reported to nobody.
        TimeSpan? dueIn = TimeSpan.Zero;
        while (true)
        {
            await WaitAsync(reports.Reader, dueIn ?? options.PollInterval, cancellationToken);
            if (Read(cancellationToken) is not { } scan)
            {
                dueIn = null;
                continue;
            }

            if (settler.Observe(scan, time.GetElapsedTime(start), out dueIn))
            {
                yield return settler.Settled;
            }

            if (dueIn > options.PollInterval)
            {
                dueIn = options.PollInterval;
            }
        }
    }

    // Ends after the given time, or, when a change is reported before that, after the gathering time.
    private async Task WaitAsync(ChannelReader<bool> reports, TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var report = reports.WaitToReadAsync(giveUp.Token).AsTask();
        var timer = Task.Delay(atMost, time, giveUp.Token);
        var first = await Task.WhenAny(report, timer);
        await giveUp.CancelAsync();
        await Task.WhenAll(report, timer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        if (first == report)
        {
            await Task.Delay(options.GatherTime, time, cancellationToken);
        }

        reports.TryRead(out _);
    }

    private RepositoryScan? Read(CancellationToken cancellationToken)
    {
        try
        {
            return scanner.Scan(cancellationToken);
        }
        catch (ModelRepositoryException exception)
        {
            LogNotRead(exception.Message);
            return null;
        }
    }
}
