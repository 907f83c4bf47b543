using System.Runtime.InteropServices;
using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Time;

namespace Bedplate.Tests.Unit.Inference.Scheduling;

/// <summary>A step backend fits the engine: members join and leave a running batch, under the same admission.</summary>
public sealed class StepSchedulerTests : IAsyncDisposable
{
    private readonly CountingBackend _backend = new(membersLimit: 4);
    private readonly TestEngine _test;

    public StepSchedulerTests()
    {
        _test = new TestEngine(null, _backend);
    }

    [Fact]
    public async Task A_request_gives_its_responses_in_order_and_then_ends()
    {
        var model = await _test.LoadAsync(CountingBackend.Model("count"));
        var sink = new CollectingSink();
        using var request = Request(model, 3, 8, sink);
        var ending = await request.RunAsync();
        Assert.True(ending.IsCompleted, ending.ToString());
        Assert.Equal([3, 4, 5, 6, 7], sink.Numbers);
    }

    [Fact]
    public async Task Members_join_a_running_batch_and_those_beyond_its_room_wait()
    {
        var model = await _test.LoadAsync(CountingBackend.Model("count"));
        var runs = Enumerable.Range(0, 10).Select(i =>
        {
            var sink = new CollectingSink();
            var request = Request(model, i, i + 200, sink);
            return (Request: request, Sink: sink, Ending: request.RunAsync().AsTask());
        }).ToList();
        for (var i = 0; i < runs.Count; i++)
        {
            var ending = await runs[i].Ending;
            Assert.True(ending.IsCompleted, ending.ToString());
            Assert.Equal(Enumerable.Range(i, 200), runs[i].Sink.Numbers);
            runs[i].Request.Dispose();
        }

        Assert.Equal(4, _backend.LargestStep);
        Assert.InRange(_backend.Steps, 500, 2000 - 1);
    }

    [Fact]
    public async Task A_cancelled_member_frees_its_state()
    {
        var model = await _test.LoadAsync(CountingBackend.Model("count"));
        using var endless = Request(model, 0, int.MaxValue, new CollectingSink());
        var running = endless.RunAsync().AsTask();
        await Eventually.HoldsAsync(() => _backend.Members == 1, () => "the member has joined");
        endless.Cancel();
        Assert.Equal(EndingKind.Cancelled, (await running).Kind);
        await Eventually.HoldsAsync(() => _backend.Members == 0, () => "the member has left");
    }

    [Fact]
    public async Task A_slow_reader_holds_back_itself_only_and_loses_nothing()
    {
        var model = await _test.LoadAsync(CountingBackend.Model("count"));
        var slowSink = new CollectingSink { Room = 2 };
        using var slow = Request(model, 0, 10, slowSink);
        var slowRun = slow.RunAsync().AsTask();
        var sink = new CollectingSink();
        using var other = Request(model, 0, 100, sink);
        Assert.True((await other.RunAsync()).IsCompleted);
        Assert.Equal([0, 1], slowSink.Numbers);
        Assert.False(slowRun.IsCompleted);
        slowSink.Room = int.MaxValue;
        slow.ResumeResponses();
        Assert.True((await slowRun).IsCompleted);
        Assert.Equal(Enumerable.Range(0, 10), slowSink.Numbers);
    }

    [Fact]
    public async Task A_member_that_can_never_join_is_refused()
    {
        var model = await _test.LoadAsync(CountingBackend.Model("count"));
        using var request = Request(model, 5, 4, new CollectingSink());
        var ending = await request.RunAsync();
        Assert.Equal(EndingKind.Invalid, ending.Kind);
        Assert.Contains("RANGE", ending.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_in_flight_bounds_step_models_too()
    {
        await using var test = new TestEngine(new EngineOptions { InFlightByteLimit = 1000 }, new CountingBackend(membersLimit: 1));
        var model = await test.LoadAsync(CountingBackend.Model("count"));
        var held = test.Engine.Memory.Rent(900);
        using var refused = Request(model, 0, 5, new CollectingSink());
        var ending = await refused.RunAsync();
        Assert.Equal((EndingKind.Shed, EndingReason.MemoryLimit), (ending.Kind, ending.Reason));

        held.Release();
        using var taken = Request(model, 0, 5, new CollectingSink());
        Assert.True((await taken.RunAsync()).IsCompleted);
    }

    [Fact]
    public async Task A_failed_step_ends_its_members_and_the_instance_goes_on()
    {
        var model = await _test.LoadAsync(CountingBackend.Model("count"));
        _backend.FailAt = 7;
        using var request = Request(model, 0, 100, new CollectingSink());
        Assert.Equal(EndingKind.Failed, (await request.RunAsync()).Kind);
        _backend.FailAt = -1;
        using var next = Request(model, 0, 5, new CollectingSink());
        Assert.True((await next.RunAsync()).IsCompleted);
    }

    public async ValueTask DisposeAsync() => await _test.DisposeAsync();

    private static InferenceRequest Request(ServedModel model, int start, int end, IResponseSink sink)
    {
        var request = model.CreateRequest();
        request.SetInput<int>("RANGE", [2], [start, end]);
        request.Sink = sink;
        return request;
    }

    private sealed class CollectingSink : IResponseSink
    {
        public List<int> Numbers { get; } = [];

        public int Room { get; set; } = int.MaxValue;

        public bool TryDeliver(InferenceResponse response)
        {
            if (Numbers.Count >= Room)
            {
                return false;
            }

            Numbers.Add(MemoryMarshal.Cast<byte, int>(response.Outputs[0].Bytes)[0]);
            response.Release();
            return true;
        }
    }
}
