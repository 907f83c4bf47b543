using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Tests.TestKit.Engine;

namespace Bedplate.Tests.Unit.Inference;

public class EngineTests
{
    [Fact]
    public async Task A_request_is_answered()
    {
        await using var test = new TestEngine();
        var model = await test.LoadAsync(TestModels.Identity("echo"));
        for (var i = 0; i < 10; i++)
        {
            using var request = TestEngine.Request(model, i, 2, 3, 4);
            var ending = await request.RunAsync();
            Assert.True(ending.IsCompleted, ending.ToString());
            Assert.Equal([i, 2, 3, 4], TestEngine.Answer(request));
        }

        var statistics = model.Statistics.ToSnapshot();
        Assert.Equal(10, statistics.Success.Count);
        Assert.Equal(10, statistics.ExecutionCount);
    }

    [Fact]
    public async Task Waiting_requests_share_an_execution_and_get_their_own_rows()
    {
        await using var test = new TestEngine();
        var model = await test.LoadAsync(TestModels.Identity(
            "echo", delayMilliseconds: 20, maxBatchSize: 8, batching: new BatchingSpec { Mode = BatchingMode.Configured }));
        var requests = Enumerable.Range(0, 17).Select(i => TestEngine.Request(model, i, i, i, i)).ToList();
        var endings = await Task.WhenAll(requests.Select(request => request.RunAsync().AsTask()));
        Assert.All(endings, ending => Assert.True(ending.IsCompleted, ending.ToString()));
        for (var i = 0; i < requests.Count; i++)
        {
            Assert.Equal([i, i, i, i], TestEngine.Answer(requests[i]));
            requests[i].Dispose();
        }

        var statistics = model.Statistics.ToSnapshot();
        Assert.Equal(17, statistics.InferenceCount);
        Assert.InRange(statistics.ExecutionCount, 3, 5);
    }

    [Fact]
    public async Task A_cancelled_request_ends_at_once_wherever_it_is()
    {
        await using var test = new TestEngine();
        var model = await test.LoadAsync(TestModels.Identity("slow", delayMilliseconds: 60_000));
        using var running = TestEngine.Request(model, 1, 1, 1, 1);
        using var waiting = TestEngine.Request(model, 2, 2, 2, 2);
        var first = running.RunAsync().AsTask();
        var second = waiting.RunAsync().AsTask();
        Assert.False(first.IsCompleted);
        waiting.Cancel();
        Assert.Equal(EndingKind.Cancelled, (await second).Kind);
        running.Cancel();
        Assert.Equal(EndingKind.Cancelled, (await first).Kind);
    }

    [Fact]
    public async Task A_deadline_ends_a_running_request_and_refuses_a_hopeless_one()
    {
        await using var test = new TestEngine();
        var model = await test.LoadAsync(TestModels.Identity("slow", delayMilliseconds: 300, warmUp: true));
        using var late = TestEngine.Request(model, 1, 1, 1, 1);
        late.SetDeadline(TimeSpan.FromMilliseconds(50));
        var ending = await late.RunAsync();

        // The warm-up has measured the model, so that the deadline can be seen not to be met.
        Assert.Equal(EndingKind.Shed, ending.Kind);
        Assert.Equal(EndingReason.DeadlineUnattainable, ending.Reason);
    }

    [Fact]
    public async Task A_reload_swaps_without_a_gap()
    {
        await using var test = new TestEngine();
        var old = await test.LoadAsync(TestModels.Identity("echo", delayMilliseconds: 5));
        using var stop = new CancellationTokenSource();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var traffic = Task.Run(async () =>
        {
            var count = 0;
            while (!stop.IsCancellationRequested)
            {
                InferenceRequest? request = null;
                while (request is null)
                {
                    Assert.Equal(ModelLookup.Found, test.Engine.Models.Find("echo", "", out var found));
                    request = found!.TryRent();
                }

                request.Dispose();
                count++;
                begun.TrySetResult();
            }

            return count;
        });
        await begun.Task;
        for (var i = 0; i < 10; i++)
        {
            var renewed = await test.LoadAsync(TestModels.Identity("echo", delayMilliseconds: 1));
            Assert.NotSame(old, renewed);
            old = renewed;
        }

        await stop.CancelAsync();
        Assert.NotEqual(0, await traffic);
        await test.Engine.Lifecycle.WhenUnloadedAsync();
    }
}
