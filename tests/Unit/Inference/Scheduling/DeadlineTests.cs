using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Time;

namespace Bedplate.Tests.Unit.Inference.Scheduling;

/// <summary>What is begun and what is refused when an answer is wanted by a moment: a row takes ten milliseconds here.</summary>
public sealed class DeadlineTests : IAsyncDisposable
{
    private static readonly TimeSpan TimeOfRow = TimeSpan.FromMilliseconds(10);

    private readonly ManualTimeProvider _clock = new();
    private readonly ManualBackend _backend = new();
    private readonly List<InferenceRequest> _requests = [];
    private TestEngine? _test;

    [Fact]
    public async Task A_batch_is_cut_short_before_it_would_make_a_member_late()
    {
        var model = await LoadAsync(BatchingMode.Configured);
        await ServeAsync(model, 1, 4);
        var blocker = Run(model);
        var blocking = await _backend.NextRunAsync();
        var urgent = Run(model, TimeSpan.FromMilliseconds(25));
        var others = new[] { Run(model), Run(model), Run(model) };
        blocking.Succeed();
        await IsAnsweredAsync(blocker);

        // Four rows would take 40 ms, and three are expected to take as long.
        var run = await _backend.NextRunAsync();
        Assert.Equal(2, run.BatchSize);
        run.Succeed();
        await IsAnsweredAsync(urgent);
        (await _backend.NextRunAsync()).Succeed();
        foreach (var other in others)
        {
            await IsAnsweredAsync(other);
        }
    }

    [Fact]
    public async Task What_would_be_late_by_itself_is_not_begun()
    {
        var model = await LoadAsync(BatchingMode.Configured);
        await ServeAsync(model, 1);
        var blocker = Run(model);
        var blocking = await _backend.NextRunAsync();
        var late = Run(model, TimeSpan.FromMilliseconds(35));
        var next = Run(model);
        _clock.Advance(TimeSpan.FromMilliseconds(30));
        blocking.Succeed();
        await IsAnsweredAsync(blocker);
        var run = await _backend.NextRunAsync();
        Assert.Equal(EndingReason.DeadlinePassed, (await late).Reason);
        Assert.Equal(1, run.BatchSize);
        run.Succeed();
        await IsAnsweredAsync(next);
    }

    [Theory]
    [InlineData(55, true)]
    [InlineData(45, false)]
    public async Task A_request_is_refused_at_once_when_those_before_it_take_too_long(int milliseconds, bool isAdmitted)
    {
        // It is the third to wait, each for a run of its own: with what may go slower than usual, 37.5 ms and its own 10.
        var model = await LoadAsync(BatchingMode.Off);
        await ServeAsync(model, 1, 1, 1, 1);
        var running = Run(model);
        var run = await _backend.NextRunAsync();
        var waiting = new[] { Run(model), Run(model) };
        var asked = Run(model, TimeSpan.FromMilliseconds(milliseconds));
        Assert.Equal(!isAdmitted, asked.IsCompleted);
        if (!isAdmitted)
        {
            var ending = await asked;
            Assert.Equal((EndingKind.Shed, EndingReason.DeadlineUnattainable), (ending.Kind, ending.Reason));
            Assert.Equal("Overloaded: an answer of model 'm' would take 48 ms, which is after the request's deadline.", ending.Message);
            Assert.Equal(TimeSpan.FromMilliseconds(37.5), ending.RetryAfter);
        }

        run.Succeed();
        await IsAnsweredAsync(running);
        List<Task<InferenceEnding>> admitted = isAdmitted ? [.. waiting, asked] : [.. waiting];
        foreach (var task in admitted)
        {
            (await _backend.NextRunAsync()).Succeed();
            await IsAnsweredAsync(task);
        }
    }

    [Fact]
    public async Task A_request_is_expected_to_run_with_as_many_as_the_others_do()
    {
        // It waits for 40 ms at most, and would run for 10 ms by itself.
        var model = await LoadAsync(BatchingMode.Configured);
        await ServeAsync(model, [.. Enumerable.Repeat(4, 30)]);
        var running = Run(model);
        var run = await _backend.NextRunAsync();
        var waiting = new[] { Run(model), Run(model), Run(model) };
        var ending = await Run(model, TimeSpan.FromMilliseconds(80)).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(EndingReason.DeadlineUnattainable, ending.Reason);
        Assert.Equal("Overloaded: an answer of model 'm' would take 90 ms, which is after the request's deadline.", ending.Message);
        run.Succeed();
        await IsAnsweredAsync(running);
        (await _backend.NextRunAsync()).Succeed();
        foreach (var task in waiting)
        {
            await IsAnsweredAsync(task);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _requests.ForEach(request => request.Dispose());
        if (_test is not null)
        {
            await _test.DisposeAsync();
        }
    }

    private static async Task IsAnsweredAsync(Task<InferenceEnding> task)
    {
        var ending = await task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(ending.IsCompleted, ending.ToString());
    }

    private async Task<ServedModel> LoadAsync(BatchingMode mode)
    {
        _test = new TestEngine(new EngineOptions { Time = _clock, ComputeThreads = 1 }, _backend);
        return await _test.LoadAsync(TestModels.Manual("m", maxBatchSize: mode == BatchingMode.Off ? 0 : 4, batching: new BatchingSpec { Mode = mode }));
    }

    private Task<InferenceEnding> Run(ServedModel model, TimeSpan deadline = default)
    {
        var request = TestEngine.Request(model, 1, 1, 1, 1);
        _requests.Add(request);
        if (deadline != default)
        {
            request.SetDeadline(deadline);
        }

        return request.RunAsync().AsTask();
    }

    // Runs batches of these sizes one after the other, each formed while the one before it runs.
    private async Task ServeAsync(ServedModel model, params int[] batches)
    {
        var tasks = new List<Task<InferenceEnding>> { Run(model) };
        var run = await _backend.NextRunAsync();
        foreach (var rows in batches)
        {
            tasks.AddRange(Enumerable.Range(0, rows).Select(_ => Run(model)));
            _clock.Advance(run.BatchSize * TimeOfRow);
            run.Succeed();
            run = await _backend.NextRunAsync();
            Assert.Equal(rows, run.BatchSize);
        }

        _clock.Advance(run.BatchSize * TimeOfRow);
        run.Succeed();
        foreach (var task in tasks)
        {
            await IsAnsweredAsync(task);
        }
    }
}
