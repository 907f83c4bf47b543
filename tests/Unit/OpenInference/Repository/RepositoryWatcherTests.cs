using System.Threading.Channels;
using Bedplate.Protocols.OpenInference.Repository;
using Bedplate.Tests.TestKit.Files;
using Bedplate.Tests.TestKit.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bedplate.Tests.Unit.OpenInference.Repository;

/// <summary>Real directories under a clock that the test advances, whatever the file system reports and when.</summary>
public sealed class RepositoryWatcherTests : IAsyncDisposable
{
    private static readonly RepositoryWatchOptions Options = new();
    private readonly TemporaryDirectory _directory = new();
    private readonly ManualTimeProvider _time = new();
    private readonly CancellationTokenSource _stop =
        CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly Channel<RepositoryScan> _scans = Channel.CreateBounded<RepositoryScan>(100);
    private Task _watching = Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Added_changed_and_removed_models_are_given_when_they_are_still()
    {
        _directory.Write("there/1/model.onnx");
        Watch();

        _directory.Write("new/1/model.onnx");
        Assert.Equal(["new", "there"], (await NextAsync()).Models.Keys);

        _directory.Write("new/2/model.onnx");
        Assert.Equal([1, 2], (await NextAsync()).Models["new"].VersionStamps.Keys);

        _directory.Write("new/config.pbtxt", "max_batch_size: 5");
        Assert.Equal(5, (await NextAsync()).Models["new"].Spec!.MaxBatchSize);

        Directory.Delete(_directory["there"], recursive: true);
        Assert.Equal(["new"], (await NextAsync()).Models.Keys);
    }

    [Fact]
    public async Task Nothing_is_given_before_the_settle_time_is_over()
    {
        Watch();
        await _time.WhenArmedAsync();
        _directory.Write("m/1/model.onnx");
        var start = _time.GetUtcNow();
        await NextAsync(step: TimeSpan.FromMilliseconds(100));
        Assert.True(_time.GetUtcNow() - start >= Options.SettleTime, $"given after {_time.GetUtcNow() - start}");
    }

    [Fact]
    public async Task A_repository_that_cannot_be_read_changes_nothing()
    {
        _directory.Write("repository/m/1/model.onnx");
        Watch("repository");
        Directory.Move(_directory["repository"], _directory["elsewhere"]);
        for (var i = 0; i < 20; i++)
        {
            await AdvanceAsync(Options.PollInterval);
        }

        Assert.False(_scans.Reader.TryRead(out _));
        _directory.Write("elsewhere/n/1/model.onnx");
        Directory.Move(_directory["elsewhere"], _directory["repository"]);
        Assert.Equal(["m", "n"], (await NextAsync()).Models.Keys);
    }

    [Fact]
    public async Task Cancelling_ends_the_watching()
    {
        Watch();
        await _time.WhenArmedAsync();
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _watching);
    }

    [Fact]
    public void Options_are_checked_all_at_once()
    {
        Assert.Empty(Options.Check());
        Assert.Equal(
            3,
            new RepositoryWatchOptions
            {
                PollInterval = TimeSpan.Zero,
                SettleTime = TimeSpan.FromDays(1),
                GatherTime = TimeSpan.FromTicks(-1),
            }.Check().Count());
    }

    private void Watch(string repository = "")
    {
        var scanner = new ModelRepositoryScanner(new ModelRepositoryOptions { Paths = [_directory[repository]] });
        var initial = scanner.Scan(TestContext.Current.CancellationToken);
        var watcher = new RepositoryWatcher(scanner, Options, _time, NullLogger<RepositoryWatcher>.Instance);
        _watching = Task.Run(async () =>
        {
            await foreach (var scan in watcher.WatchAsync(initial, _stop.Token))
            {
                await _scans.Writer.WriteAsync(scan, _stop.Token);
            }
        });
    }

    // The watcher reads whenever its clock lets it; a bound keeps a fault from going on without end.
    private async Task<RepositoryScan> NextAsync(TimeSpan? step = null)
    {
        for (var i = 0; i < 1000; i++)
        {
            if (_scans.Reader.TryRead(out var scan))
            {
                return scan;
            }

            await AdvanceAsync(step ?? Options.PollInterval);
        }

        throw new TimeoutException("No scan was given.");
    }

    private async Task AdvanceAsync(TimeSpan step)
    {
        await _time.WhenArmedAsync().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        _time.Advance(step);
    }
}
