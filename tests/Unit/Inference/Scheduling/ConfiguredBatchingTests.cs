using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Inference.Scheduling;
using Bedplate.Inference.Scheduling.Batching;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Time;

namespace Bedplate.Tests.Unit.Inference.Scheduling;

/// <summary>Triton's rules for forming a batch (dynamic_batch_scheduler.cc), as decisions over a queue.</summary>
public sealed class ConfiguredBatchingTests : IAsyncDisposable
{
    private static readonly TimeSpan Delay = TimeSpan.FromMicroseconds(500);
    private readonly ManualTimeProvider _clock = new();
    private readonly TestEngine _test = new();
    private readonly List<InferenceRequest> _requests = [];

    [Fact]
    public async Task Without_delay_all_that_waits_goes_up_to_the_maximum()
    {
        await ArrangeAsync(maxBatchSize: 8, rows: [1, 1, 1]);
        Assert.Equal(3, Choose(new BatchingSpec { Mode = BatchingMode.Configured }, 8, out _));
        await ArrangeAsync(maxBatchSize: 8, rows: [3, 3, 3]);
        Assert.Equal(2, Choose(new BatchingSpec { Mode = BatchingMode.Configured }, 8, out _));
    }

    [Fact]
    public async Task The_largest_preferred_size_that_is_reached_is_taken()
    {
        var spec = new BatchingSpec { Mode = BatchingMode.Configured, PreferredBatchSizes = [2, 4], MaxQueueDelay = Delay };
        await ArrangeAsync(maxBatchSize: 8, rows: [1, 1, 1, 1, 1]);
        Assert.Equal(4, Choose(spec, 8, out _));
        await ArrangeAsync(maxBatchSize: 8, rows: [1, 1, 1]);
        Assert.Equal(2, Choose(spec, 8, out _));
    }

    [Fact]
    public async Task Below_every_preferred_size_the_batch_waits_for_the_delay_of_its_oldest()
    {
        var spec = new BatchingSpec { Mode = BatchingMode.Configured, PreferredBatchSizes = [4], MaxQueueDelay = Delay };
        await ArrangeAsync(maxBatchSize: 8, rows: [1, 1]);
        var oldest = _clock.GetTimestamp();
        Assert.Equal(0, Choose(spec, 8, out var decideAgainAt));
        Assert.Equal(oldest + Delay.Ticks, decideAgainAt);
        _clock.Advance(Delay);
        Assert.Equal(2, Choose(spec, 8, out _));
    }

    [Fact]
    public async Task After_the_delay_everything_goes_not_only_the_preferred_part()
    {
        var spec = new BatchingSpec { Mode = BatchingMode.Configured, PreferredBatchSizes = [4], MaxQueueDelay = Delay };
        await ArrangeAsync(maxBatchSize: 8, rows: [1, 1, 1, 1, 1]);
        _clock.Advance(Delay);
        Assert.Equal(5, Choose(spec, 8, out _));
    }

    [Fact]
    public async Task A_request_that_would_pass_all_preferred_sizes_sends_what_is_before_it()
    {
        var spec = new BatchingSpec { Mode = BatchingMode.Configured, PreferredBatchSizes = [4], MaxQueueDelay = Delay };
        await ArrangeAsync(maxBatchSize: 8, rows: [3, 3]);
        Assert.Equal(1, Choose(spec, 8, out _));
    }

    [Fact]
    public async Task A_different_shape_ends_the_batch()
    {
        var spec = new BatchingSpec { Mode = BatchingMode.Configured, MaxQueueDelay = Delay };
        await ArrangeAsync(maxBatchSize: 8, rows: [1, 1, 1], widths: [4, 4, 5]);
        Assert.Equal(2, Choose(spec, 8, out _));
    }

    public async ValueTask DisposeAsync()
    {
        Release();
        await _test.DisposeAsync();
    }

    private RequestQueue _queue = null!;
    private ServedModel _model = null!;

    private async Task ArrangeAsync(int maxBatchSize, int[] rows, int[]? widths = null)
    {
        Release();
        _model = await _test.LoadAsync(TestModels.Identity("echo", maxBatchSize: maxBatchSize));
        _queue = new RequestQueue(new BatchingSpec { Mode = BatchingMode.Configured }, 100, _clock);
        for (var i = 0; i < rows.Length; i++)
        {
            var request = TestEngine.Request(_model, rows[i], widths?[i] ?? 4);
            request.Rows = rows[i];
            request.SubmittedAt = _clock.GetTimestamp();
            Assert.True(_queue.TryEnqueue(request, _clock.GetTimestamp()));
            _requests.Add(request);
        }
    }

    private int Choose(BatchingSpec spec, int maxBatchSize, out long decideAgainAt)
    {
        var former = new ConfiguredBatching(BatchPlan.Declared(_model.Signature), maxBatchSize, spec, _clock);
        var members = new List<InferenceRequest>();
        decideAgainAt = former.Choose(_queue, _clock.GetTimestamp(), parallelism: 1, members);
        Assert.Equal(_requests.Take(members.Count), members);
        return members.Count;
    }

    private void Release()
    {
        _requests.ForEach(request => request.Dispose());
        _requests.Clear();
    }
}
