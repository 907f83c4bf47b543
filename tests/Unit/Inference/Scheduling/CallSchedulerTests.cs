using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Time;

namespace Bedplate.Tests.Unit.Inference.Scheduling;

public sealed class CallSchedulerTests : IAsyncDisposable
{
    private static readonly BatchingSpec Configured = new() { Mode = BatchingMode.Configured };

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private readonly ManualTimeProvider _clock = new();
    private readonly ManualBackend _backend = new();
    private TestEngine? _test;

    [Fact]
    public async Task What_waits_while_a_slot_is_busy_becomes_the_next_batch()
    {
        var model = await LoadAsync(TestModels.Manual("m", maxBatchSize: 8, batching: Configured));
        var first = Run(model, 1);
        var run = await _backend.NextRunAsync();
        Assert.Equal(1, run.BatchSize);
        var others = Enumerable.Range(2, 3).Select(i => Run(model, i)).ToList();
        Assert.Equal(3, model.PendingCount);
        run.Succeed();
        run = await _backend.NextRunAsync();
        Assert.Equal(3, run.BatchSize);
        run.Succeed();
        await AssertAnsweredAsync(first, 1);
        for (var i = 0; i < others.Count; i++)
        {
            await AssertAnsweredAsync(others[i], i + 2);
        }
    }

    [Theory]
    [InlineData("deadline")]
    [InlineData("queue timeout")]
    [InlineData("queue delay")]
    public async Task A_time_that_no_timer_takes_is_waited_for_all_the_same(string what)
    {
        // By the system's clock, whose timers take 49 days.
        await using var test = new TestEngine(new EngineOptions { ComputeThreads = 1 }, _backend);
        var batching = what == "queue delay" ? Configured with { MaxQueueDelay = TimeSpan.MaxValue } : BatchingSpec.Learned;
        var model = await test.LoadAsync(TestModels.Manual("m", maxBatchSize: 2, batching: batching));
        using var blocker = TestEngine.Request(model, rows: 2, width: 4);
        using var patient = TestEngine.Request(model, rows: 1, width: 4);
        using var hurried = TestEngine.Request(model, rows: 1, width: 4);
        using var last = TestEngine.Request(model, rows: 1, width: 4);
        patient.QueueTimeout = what == "queue timeout" ? TimeSpan.MaxValue : TimeSpan.Zero;
        if (what == "deadline")
        {
            patient.SetDeadline(TimeSpan.MaxValue);
        }

        var blocking = blocker.RunAsync().AsTask();
        var run = await _backend.NextRunAsync();
        var waiting = patient.RunAsync().AsTask();

        // The clock goes on for whoever comes after it.
        hurried.SetDeadline(TimeSpan.FromMilliseconds(20));
        Assert.Equal(EndingReason.DeadlinePassed, (await hurried.RunAsync().AsTask().WaitAsync(Patience, Token)).Reason);
        Assert.False(waiting.IsCompleted);
        run.Succeed();
        Assert.True((await blocking.WaitAsync(Patience, Token)).IsCompleted);
        var joining = what == "queue delay" ? last.RunAsync().AsTask() : Task.FromResult(InferenceEnding.Completed);
        (await _backend.NextRunAsync()).Succeed();
        Assert.True((await waiting.WaitAsync(Patience, Token)).IsCompleted);
        Assert.True((await joining.WaitAsync(Patience, Token)).IsCompleted);
    }

    [Fact]
    public async Task Requests_are_served_while_it_is_tried_whether_their_rows_can_be_joined()
    {
        // One slot and one permit, which the trial would hold for as long as its runs take.
        await using var test = new TestEngine(new EngineOptions { ComputeThreads = 1 }, _backend);
        var model = await test.LoadAsync(TestModels.Manual("m", batching: BatchingSpec.Learned));
        await ServeOneAsync(model, 1);
        await ServeOneAsync(model, 2);
        var tried = await _backend.NextRunAsync();
        await ServeOneAsync(model, 3);

        // Each of the two alone, both, and three rows.
        tried.Succeed();
        (await _backend.NextRunAsync()).Succeed();
        var both = await _backend.NextRunAsync();
        await ServeOneAsync(model, 4);
        both.Succeed();
        (await _backend.NextRunAsync()).Succeed();
    }

    [Fact]
    public async Task A_trial_of_rows_that_cannot_be_run_leaves_its_model_served()
    {
        await using var test = new TestEngine(new EngineOptions { ComputeThreads = 1 }, _backend);
        var model = await test.LoadAsync(TestModels.Manual("m", batching: BatchingSpec.Learned));
        _backend.InstanceFault = new InvalidOperationException("no more instances");
        await ServeOneAsync(model, 1);
        await ServeOneAsync(model, 2);
        await Eventually.HoldsAsync(
            () => test.Log.Lines.Any(line => line.Text == "m version 1 is not batched: its trial failed: no more instances."),
            () => $"what came of the trial, in {string.Join('|', test.Log.Lines)}");
        await ServeOneAsync(model, 3);
    }

    [Fact]
    public async Task A_run_is_stopped_only_when_all_its_members_are_given_up()
    {
        var model = await LoadAsync(TestModels.Manual("m", maxBatchSize: 8, batching: Configured));
        var blocker = Run(model, 0);
        var blocking = await _backend.NextRunAsync();
        var (first, second) = (Run(model, 1), Run(model, 2));
        blocking.Succeed();
        await AssertAnsweredAsync(blocker, 0);
        var run = await _backend.NextRunAsync();
        first.Request.Cancel();
        Assert.Equal(EndingKind.Cancelled, (await first.Ending).Kind);
        Assert.False(run.WasTerminated);
        second.Request.Cancel();
        Assert.True(run.WasTerminated);
        Assert.Equal(EndingKind.Cancelled, (await second.Ending).Kind);
        first.Request.Dispose();
        second.Request.Dispose();
    }

    [Fact]
    public async Task The_others_of_a_batch_get_their_rows_when_one_gives_up()
    {
        var model = await LoadAsync(TestModels.Manual("m", maxBatchSize: 8, batching: Configured));
        var blocker = Run(model, 0);
        var blocking = await _backend.NextRunAsync();
        var members = Enumerable.Range(1, 4).Select(i => Run(model, i)).ToList();
        blocking.Succeed();
        await AssertAnsweredAsync(blocker, 0);
        var run = await _backend.NextRunAsync();
        members[1].Request.Cancel();
        members[1].Request.Dispose();
        run.Succeed();
        foreach (var i in new[] { 0, 2, 3 })
        {
            await AssertAnsweredAsync(members[i], i + 1);
        }
    }

    [Fact]
    public async Task A_failed_run_fails_its_members_and_nothing_else()
    {
        var model = await LoadAsync(TestModels.Manual("m", maxBatchSize: 8, batching: Configured));
        var failing = Run(model, 1);
        (await _backend.NextRunAsync()).Fail("out of luck");
        var ending = await failing.Ending;
        Assert.Equal(EndingKind.Failed, ending.Kind);
        Assert.Contains("out of luck", ending.Message, StringComparison.Ordinal);
        failing.Request.Dispose();
        var next = Run(model, 2);
        (await _backend.NextRunAsync()).Succeed();
        await AssertAnsweredAsync(next, 2);
    }

    [Fact]
    public async Task A_deadline_ends_what_waits_and_what_runs()
    {
        var model = await LoadAsync(TestModels.Manual("m"));
        var running = Run(model, 1, deadline: TimeSpan.FromMilliseconds(100));
        var run = await _backend.NextRunAsync();
        var waiting = Run(model, 2, deadline: TimeSpan.FromMilliseconds(50));
        _clock.Advance(TimeSpan.FromMilliseconds(60));
        Assert.Equal(EndingReason.DeadlinePassed, (await waiting.Ending).Reason);
        Assert.False(running.Ending.IsCompleted);
        _clock.Advance(TimeSpan.FromMilliseconds(60));
        Assert.Equal(EndingReason.DeadlinePassed, (await running.Ending).Reason);
        Assert.True(run.WasTerminated);
        var fail = model.Statistics.ToSnapshot().Fail;
        Assert.Equal((2, TimeSpan.FromMilliseconds(50 + 100)), (fail.Count, _clock.GetElapsedTime(0, fail.Ticks)));
        running.Request.Dispose();
        waiting.Request.Dispose();
    }

    [Fact]
    public async Task A_queue_timeout_bounds_waiting_and_not_running()
    {
        var spec = BatchingSpec.Off with { DefaultQueuePolicy = new QueuePolicy { AllowTimeoutOverride = true } };
        var model = await LoadAsync(TestModels.Manual("m", batching: spec));
        var running = Run(model, 1, queueTimeout: TimeSpan.FromMilliseconds(10));
        var run = await _backend.NextRunAsync();
        var waiting = Run(model, 2, queueTimeout: TimeSpan.FromMilliseconds(10));
        _clock.Advance(TimeSpan.FromMilliseconds(20));
        var ending = await waiting.Ending;
        Assert.Equal((EndingKind.DeadlineExceeded, EndingReason.QueueTimeout), (ending.Kind, ending.Reason));
        waiting.Request.Dispose();
        run.Succeed();
        await AssertAnsweredAsync(running, 1);
    }

    [Fact]
    public async Task A_queue_delay_holds_a_request_back_until_it_is_over()
    {
        var spec = Configured with { MaxQueueDelay = TimeSpan.FromMilliseconds(5) };
        var model = await LoadAsync(TestModels.Manual("m", maxBatchSize: 4, batching: spec));
        var (first, second) = (Run(model, 1), Run(model, 2));
        await _clock.WhenArmedAsync();
        Assert.False(_backend.HasStarted);
        _clock.Advance(TimeSpan.FromMilliseconds(5));
        var run = await _backend.NextRunAsync();
        Assert.Equal(2, run.BatchSize);
        run.Succeed();
        await AssertAnsweredAsync(first, 1);
        await AssertAnsweredAsync(second, 2);
    }

    [Fact]
    public async Task A_full_batch_is_not_held_back()
    {
        var spec = Configured with { MaxQueueDelay = TimeSpan.FromHours(1) };
        var model = await LoadAsync(TestModels.Manual("m", maxBatchSize: 2, batching: spec));
        var (first, second) = (Run(model, 1), Run(model, 2));
        (await _backend.NextRunAsync()).Succeed();
        await AssertAnsweredAsync(first, 1);
        await AssertAnsweredAsync(second, 2);
    }

    [Fact]
    public async Task Preserved_order_holds_an_early_answer_back()
    {
        var spec = Configured with { PreserveOrdering = true };
        var model = await LoadAsync(TestModels.Manual("m", maxBatchSize: 1, instances: 2, batching: spec));
        var first = Run(model, 1);
        var firstRun = await _backend.NextRunAsync();
        var second = Run(model, 2);
        var secondRun = await _backend.NextRunAsync();
        secondRun.Succeed();
        await Eventually.HoldsAsync(() => model.Statistics.ToSnapshot().ExecutionCount == 1, () => "the second has run");
        Assert.False(second.Ending.IsCompleted);
        firstRun.Succeed();
        await AssertAnsweredAsync(first, 1);
        await AssertAnsweredAsync(second, 2);
    }

    [Fact]
    public async Task A_queue_has_a_bound()
    {
        var spec = BatchingSpec.Off with { DefaultQueuePolicy = new QueuePolicy { MaxQueueSize = 2 } };
        var model = await LoadAsync(TestModels.Manual("m", batching: spec));
        var running = Run(model, 1);
        var run = await _backend.NextRunAsync();
        var waiting = new[] { Run(model, 2), Run(model, 3) };
        var refused = Run(model, 4);
        var ending = await refused.Ending;
        Assert.Equal((EndingKind.Shed, EndingReason.QueueFull), (ending.Kind, ending.Reason));
        Assert.StartsWith("Exceeds maximum queue size", ending.Message, StringComparison.Ordinal);
        Assert.True(ending.RetryAfter > TimeSpan.Zero);
        refused.Request.Dispose();
        run.Succeed();
        await AssertAnsweredAsync(running, 1);
        for (var i = 0; i < 2; i++)
        {
            (await _backend.NextRunAsync()).Succeed();
            await AssertAnsweredAsync(waiting[i], i + 2);
        }
    }

    [Fact]
    public async Task A_batch_beyond_the_maximum_is_refused_with_Tritons_words()
    {
        var model = await LoadAsync(TestModels.Manual("m", maxBatchSize: 2, batching: Configured));
        using var request = TestEngine.Request(model, rows: 3, width: 4);
        var ending = await request.RunAsync();
        Assert.Equal(EndingKind.Invalid, ending.Kind);
        Assert.Equal("inference request batch-size must be <= 2 for 'm'", ending.Message);
    }

    [Fact]
    public async Task A_request_that_would_need_too_much_working_memory_is_refused()
    {
        _backend.PeakActivationBytes = 1 << 20;
        var model = await LoadAsync(TestModels.Manual("m"), new EngineOptions { ActivationByteLimit = 100 << 20 });
        using var request = TestEngine.Request(model, rows: 1 << 20, width: 4);
        var ending = await request.RunAsync();
        Assert.Equal((EndingKind.Invalid, EndingReason.ActivationLimit), (ending.Kind, ending.Reason));
    }

    [Fact]
    public async Task An_unload_waits_for_what_it_has_and_takes_nothing_new()
    {
        var model = await LoadAsync(TestModels.Manual("m"));
        var running = Run(model, 1);
        var run = await _backend.NextRunAsync();
        Assert.True(await _test!.Engine.Lifecycle.RemoveAsync("m", CancellationToken.None));
        Assert.Equal(ModelLookup.NotReady, _test.Engine.Models.Find("m", "", out _));
        Assert.Equal(ModelState.Unloading, Assert.Single(_test.Engine.Models.StatusesOf("m")).State);
        run.Succeed();
        await AssertAnsweredAsync(running, 1);
        await _test.Engine.Lifecycle.WhenUnloadedAsync();
        Assert.Equal(ModelState.Unavailable, Assert.Single(_test.Engine.Models.StatusesOf("m")).State);
    }

    public async ValueTask DisposeAsync()
    {
        if (_test is not null)
        {
            await _test.DisposeAsync();
        }
    }

    private async Task ServeOneAsync(ServedModel model, float number)
    {
        using var request = TestEngine.Request(model, number, 0, 0, 0);
        var answer = request.RunAsync().AsTask();
        (await _backend.NextRunAsync()).Succeed();
        Assert.True((await answer.WaitAsync(Patience, Token)).IsCompleted);
    }

    private async Task<ServedModel> LoadAsync(ModelSpec spec, EngineOptions? options = null)
    {
        _test = new TestEngine((options ?? new EngineOptions()) with { Time = _clock, ComputeThreads = 2 }, _backend);
        return await _test.LoadAsync(spec);
    }

    private static (InferenceRequest Request, Task<InferenceEnding> Ending) Run(
        ServedModel model, float number, TimeSpan deadline = default, TimeSpan queueTimeout = default)
    {
        var request = TestEngine.Request(model, number, number, number, number);
        request.QueueTimeout = queueTimeout;
        if (deadline != default)
        {
            request.SetDeadline(deadline);
        }

        return (request, request.RunAsync().AsTask());
    }

    private static async Task AssertAnsweredAsync((InferenceRequest Request, Task<InferenceEnding> Ending) run, float number)
    {
        var ending = await run.Ending.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(ending.IsCompleted, ending.ToString());
        Assert.Equal([number, number, number, number], TestEngine.Answer(run.Request));
        run.Request.Dispose();
    }
}
