using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Inference.Scheduling;
using Bedplate.Inference.Scheduling.Batching;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Time;

namespace Bedplate.Tests.Unit.Inference.Scheduling;

/// <summary>Which of those that wait learned batching puts together.</summary>
public sealed class LearnedBatchingTests : IAsyncDisposable
{
    private const int MostRows = 64;
    private readonly ManualTimeProvider _clock = new();
    private readonly TestEngine _test = new();
    private readonly List<InferenceRequest> _requests = [];

    [Fact]
    public async Task Nothing_is_put_together_before_a_trial_has_allowed_it()
    {
        var (former, queue) = await ArrangeAsync(waiting: 10, allowed: false);
        SettleOn(former.Search, rows: 8);
        Assert.Equal(1, Choose(former, queue, parallelism: 1));
    }

    [Fact]
    public async Task As_many_are_put_together_as_the_search_says()
    {
        var (former, queue) = await ArrangeAsync(waiting: 30);
        SettleOn(former.Search, rows: 8);
        Assert.Equal(8, Choose(former, queue, parallelism: 1));
    }

    [Fact]
    public async Task What_waits_is_shared_among_the_slots_that_can_start()
    {
        var (former, queue) = await ArrangeAsync(waiting: 8);
        SettleOn(former.Search, rows: 8);
        Assert.Equal(4, Choose(former, queue, parallelism: 2));
    }

    [Fact]
    public async Task A_request_may_start_by_itself_until_joining_pays()
    {
        var (former, _) = await ArrangeAsync(waiting: 0);
        Assert.False(former.HoldsBack);
        SettleOn(former.Search, rows: 8);
        Assert.True(former.HoldsBack);
    }

    [Fact]
    public async Task A_reloaded_version_begins_with_the_size_of_the_one_before()
    {
        await using var test = new TestEngine(new EngineOptions { Time = _clock });
        SettleOn(await LoadAsync("echo"), rows: 8);
        Assert.Equal(8, (await LoadAsync("echo")).Rows);
        Assert.Equal(1, (await LoadAsync("other")).Rows);

        async Task<BatchSizeSearch> LoadAsync(string name)
        {
            var model = await test.LoadAsync(TestModels.Identity(name, batching: BatchingSpec.Learned));
            return ((LearnedBatching)((CallScheduler)model.Scheduler).Former).Search;
        }
    }

    // One processor, always busy.
    private BatchingProgress Progress(long answered, long runs) => new(answered, runs, RowsWaiting: 0, _clock.GetElapsedTime(0));

    public async ValueTask DisposeAsync()
    {
        _requests.ForEach(request => request.Dispose());
        await _test.DisposeAsync();
    }

    private static int Choose(LearnedBatching former, RequestQueue queue, int parallelism)
    {
        var members = new List<InferenceRequest>();
        former.Choose(queue, 0, parallelism, members);
        return members.Count;
    }

    // Answers so much more with this many rows, and only with these, that the search takes them.
    private void SettleOn(BatchSizeSearch search, int rows)
    {
        long answered = 0;
        long runs = 0;
        var isTaken = false;
        for (var i = 0; i < 10_000 && !isTaken; i++)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(1));
            answered += search.Rows == rows ? 10 : 1;
            isTaken = search.Step(_clock.GetTimestamp(), Progress(answered, ++runs), secondsOfOneRow: 0.001, out var outcome)
                && outcome.IsTaken && outcome.Challenger == rows;
        }

        Assert.True(isTaken);
        for (var i = 0; search.Rows != rows; i++)
        {
            Assert.True(i < 10_000, "The size in use must come around.");
            _clock.Advance(TimeSpan.FromMilliseconds(1));
            search.Step(_clock.GetTimestamp(), Progress(answered += 10, ++runs), secondsOfOneRow: 0.001, out _);
        }
    }

    private async Task<(LearnedBatching Former, RequestQueue Queue)> ArrangeAsync(int waiting, bool allowed = true)
    {
        var model = await _test.LoadAsync(TestModels.Identity("echo"));
        var former = new LearnedBatching(new BatchSizeSearch(MostRows, TimeSpan.Zero, _clock), declaredMaxRows: 0, declaredPlan: null);
        if (allowed)
        {
            former.Allow(BatchPlan.Declared(model.Signature));
        }

        var queue = new RequestQueue(BatchingSpec.Learned, queueLimit: 1000, _clock);
        for (var i = 0; i < waiting; i++)
        {
            var request = TestEngine.Request(model, rows: 1, width: 4);
            request.Rows = 1;
            request.InputBytes = 16;
            request.IsBatchable = true;
            Assert.True(queue.TryEnqueue(request, 0));
            _requests.Add(request);
        }

        return (former, queue);
    }
}
