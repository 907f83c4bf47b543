using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Inference.Scheduling;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Time;

namespace Bedplate.Tests.Unit.Inference.Scheduling;

public sealed class RequestQueueTests : IAsyncDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly TestEngine _test = new();
    private readonly List<InferenceRequest> _requests = [];

    [Fact]
    public async Task Requests_of_one_caller_keep_their_order()
    {
        var queue = new RequestQueue(BatchingSpec.Off, 10, _clock);
        var requests = new[] { await EnqueueAsync(queue), await EnqueueAsync(queue), await EnqueueAsync(queue) };
        Assert.Equal(requests, InOrder(queue));
    }

    [Fact]
    public async Task A_light_caller_does_not_wait_behind_a_heavy_ones_backlog()
    {
        var queue = new RequestQueue(BatchingSpec.Off, 100, _clock);
        var heavy = new Caller("p", "heavy");
        var light = new Caller("p", "light");
        for (var i = 0; i < 20; i++)
        {
            await EnqueueAsync(queue, heavy);
        }

        var request = await EnqueueAsync(queue, light);
        Assert.Equal(1, InOrder(queue).IndexOf(request));
    }

    [Fact]
    public async Task Saturated_callers_are_served_in_the_ratio_of_their_weights()
    {
        var queue = new RequestQueue(BatchingSpec.Off, 1000, _clock);
        var one = new Caller("p", "one");
        var three = new Caller("p", "three", ShareWeight: 3);
        for (var i = 0; i < 100; i++)
        {
            await EnqueueAsync(queue, one);
            await EnqueueAsync(queue, three);
        }

        var served = new Dictionary<Caller, int> { [one] = 0, [three] = 0 };
        for (var i = 0; i < 80; i++)
        {
            var next = queue.First!;
            served[next.Caller]++;
            queue.Dequeue(next);
            next.LetGo();
        }

        Assert.InRange(served[three], 58, 62);
    }

    [Fact]
    public async Task More_urgent_levels_go_first_and_an_unknown_level_is_the_default()
    {
        var spec = new BatchingSpec { Mode = BatchingMode.Configured, PriorityLevels = 3, DefaultPriorityLevel = 2 };
        var queue = new RequestQueue(spec, 10, _clock);
        var third = await EnqueueAsync(queue, priority: 3);
        var unknown = await EnqueueAsync(queue, priority: 9);
        var none = await EnqueueAsync(queue);
        var first = await EnqueueAsync(queue, priority: 1);
        Assert.Equal([first, unknown, none, third], InOrder(queue));
    }

    [Fact]
    public async Task A_full_level_refuses()
    {
        var spec = BatchingSpec.Off with { DefaultQueuePolicy = new QueuePolicy { MaxQueueSize = 2 } };
        var queue = new RequestQueue(spec, 10, _clock);
        await EnqueueAsync(queue);
        await EnqueueAsync(queue);
        Assert.False(queue.TryEnqueue(await RentAsync(), _clock.GetTimestamp()));
    }

    [Fact]
    public async Task A_timeout_rejects_or_delays_as_the_policy_says()
    {
        var spec = new BatchingSpec
        {
            Mode = BatchingMode.Configured,
            PriorityLevels = 2,
            DefaultPriorityLevel = 1,
            DefaultQueuePolicy = new QueuePolicy { DefaultTimeout = TimeSpan.FromMilliseconds(10) },
            QueuePolicies = new Dictionary<int, QueuePolicy>
            {
                [2] = new() { DefaultTimeout = TimeSpan.FromMilliseconds(10), TimeoutAction = QueueTimeoutAction.Delay },
            },
        };
        var queue = new RequestQueue(spec, 10, _clock);
        var rejected = await EnqueueAsync(queue, priority: 1);
        var delayed = await EnqueueAsync(queue, priority: 2);
        _clock.Advance(TimeSpan.FromMilliseconds(11));
        var inTime = await EnqueueAsync(queue, priority: 2);
        List<InferenceRequest>? expired = null;
        queue.Expire(_clock.GetTimestamp(), ref expired);
        Assert.Equal([rejected], expired!);
        Assert.Equal([inTime, delayed], InOrder(queue));
        Assert.NotEqual(0, queue.NextDue);
    }

    [Theory]
    [InlineData(true, 100, 50, 50)]
    [InlineData(true, 100, 200, 100)]
    [InlineData(true, 0, 70, 70)]
    [InlineData(false, 100, 50, 100)]
    public async Task A_request_may_shorten_its_timeout_where_that_is_allowed(bool isAllowed, int defaultMs, int ownMs, int effectiveMs)
    {
        var spec = BatchingSpec.Off with
        {
            DefaultQueuePolicy = new QueuePolicy { DefaultTimeout = TimeSpan.FromMilliseconds(defaultMs), AllowTimeoutOverride = isAllowed },
        };
        var queue = new RequestQueue(spec, 10, _clock);
        var request = await RentAsync();
        request.QueueTimeout = TimeSpan.FromMilliseconds(ownMs);
        Assert.True(queue.TryEnqueue(request, _clock.GetTimestamp()));
        Assert.Equal(_clock.GetTimestamp() + TimeSpan.FromMilliseconds(effectiveMs).Ticks, request.QueueDue);
    }

    [Fact]
    public async Task A_model_of_the_queue_agrees_over_random_operations()
    {
        var random = new Random(7);
        var queue = new RequestQueue(BatchingSpec.Off, 64, _clock);
        var expected = new List<InferenceRequest>();
        for (var step = 0; step < 2000; step++)
        {
            switch (random.Next(3))
            {
                case 0 or 1 when expected.Count < 64:
                    expected.Add(await EnqueueAsync(queue));
                    break;
                case 2 when expected.Count > 0:
                    var victim = expected[random.Next(expected.Count)];
                    queue.Remove(victim);
                    expected.Remove(victim);
                    break;
            }

            Assert.Equal(expected.Count, queue.Count);
            Assert.Equal(expected.Sum(request => request.Rows), queue.Rows);
        }

        Assert.Equal(expected, InOrder(queue));
    }

    public async ValueTask DisposeAsync()
    {
        _requests.ForEach(request => request.Dispose());
        await _test.DisposeAsync();
    }

    private static List<InferenceRequest> InOrder(RequestQueue queue)
    {
        var order = new List<InferenceRequest>();
        for (var request = queue.First; request is not null; request = queue.After(request))
        {
            order.Add(request);
        }

        return order;
    }

    private async Task<InferenceRequest> EnqueueAsync(RequestQueue queue, Caller? caller = null, ulong priority = 0)
    {
        var request = await RentAsync();
        request.Caller = caller ?? Caller.Anonymous;
        request.Priority = priority;
        Assert.True(queue.TryEnqueue(request, _clock.GetTimestamp()));
        return request;
    }

    private async Task<InferenceRequest> RentAsync()
    {
        var model = _test.Engine.Models.VersionsOf("echo") is [var loaded] ? loaded : await _test.LoadAsync(TestModels.Identity("echo"));
        var request = TestEngine.Request(model, 1, 4);
        request.Rows = 1;
        _requests.Add(request);
        return request;
    }
}
