using System.Collections.Concurrent;
using Bedplate.Inference.Scheduling;
using Bedplate.Tests.TestKit.Time;

namespace Bedplate.Tests.Unit.Inference.Scheduling;

public class ComputeGateTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void Saturated_flows_share_the_time_by_their_weights_whatever_their_runs_take()
    {
        using var gate = new ComputeGate(permits: 1, _clock);
        var order = new ConcurrentQueue<Flow>();

        // The second has runs ten times as long and three times the weight: it gets three quarters of the time.
        var light = new Flow(gate, TimeSpan.FromMilliseconds(1), order) { Weight = 1 };
        var heavy = new Flow(gate, TimeSpan.FromMilliseconds(10), order) { Weight = 3 };
        light.Clock = heavy.Clock = _clock;
        light.Remaining = 1_000_000;
        heavy.Remaining = 1_000_000;
        gate.NotifyReady(light);
        gate.NotifyReady(heavy);
        WaitUntil(() => heavy.Done >= 120);

        // The first may have run for a while before the second was there.
        var first = order.SkipWhile(flow => flow == light).Take(400).ToList();
        var lightTime = first.Count(flow => flow == light) * 1.0;
        var heavyTime = first.Count(flow => flow == heavy) * 10.0;
        light.Remaining = heavy.Remaining = 0;
        Assert.InRange(heavyTime / (lightTime + heavyTime), 0.70, 0.80);
    }

    [Fact]
    public void A_flow_that_is_short_at_one_moment_and_not_at_the_next_waits_for_its_turn()
    {
        using var gate = new ComputeGate(permits: 1, _clock);
        var unsteady = new UnsteadyFlow(gate);
        for (var i = 0; i < 1000; i++)
        {
            // The one normal permit is taken: whether the flow may go depends on when it is asked.
            WaitUntil(() => gate.TryEnterInline(isShort: false, out _));
            unsteady.Remaining = 1;
            gate.NotifyReady(unsteady);
            gate.ExitInline(unsteady, ComputePermit.Normal, elapsedTicks: 0);
            WaitUntil(() => unsteady.Remaining < 0);
        }
    }

    [Fact]
    public void No_more_run_at_a_time_than_there_are_permits()
    {
        using var gate = new ComputeGate(permits: 2, TimeProvider.System);
        var running = 0;
        var most = 0;
        var flows = Enumerable.Range(0, 8).Select(_ => new Flow(gate, TimeSpan.Zero, null)
        {
            Remaining = 200,
            OnRun = () =>
            {
                InterlockedMax(ref most, Interlocked.Increment(ref running));
                Thread.Yield();
                Interlocked.Decrement(ref running);
            },
        }).ToList();
        flows.ForEach(gate.NotifyReady);
        WaitUntil(() => flows.TrueForAll(flow => flow.Done == 200));
        Assert.InRange(most, 1, 2);
    }

    [Fact]
    public void A_short_flow_does_not_wait_behind_long_runs()
    {
        using var gate = new ComputeGate(permits: 1, TimeProvider.System);
        using var release = new ManualResetEventSlim();
        using var started = new ManualResetEventSlim();
        var longFlow = new Flow(gate, TimeSpan.Zero, null)
        {
            Remaining = 1,
            OnRun = () =>
            {
                started.Set();
                release.Wait(TestContext.Current.CancellationToken);
            },
        };
        gate.NotifyReady(longFlow);
        Assert.True(started.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        var shortFlow = new Flow(gate, TimeSpan.Zero, null) { Remaining = 1, IsQuick = true };
        var otherLong = new Flow(gate, TimeSpan.Zero, null) { Remaining = 1 };
        gate.NotifyReady(otherLong);
        gate.NotifyReady(shortFlow);
        WaitUntil(() => shortFlow.Done == 1);
        Assert.Equal(0, otherLong.Done);
        release.Set();
        WaitUntil(() => otherLong.Done == 1);
    }

    [Fact]
    public void A_run_on_the_callers_thread_takes_a_permit_and_passes_nobody_over()
    {
        using var gate = new ComputeGate(permits: 1, TimeProvider.System);
        var flow = new Flow(gate, TimeSpan.Zero, null);
        Assert.True(gate.TryEnterInline(isShort: false, out var permit));
        Assert.False(gate.TryEnterInline(isShort: false, out _));
        var waiting = new Flow(gate, TimeSpan.Zero, null) { Remaining = 1 };
        gate.NotifyReady(waiting);
        Assert.Equal(0, waiting.Done);
        gate.ExitInline(flow, permit, elapsedTicks: 1);
        WaitUntil(() => waiting.Done == 1);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        var seen = Volatile.Read(ref target);
        while (value > seen)
        {
            seen = Interlocked.CompareExchange(ref target, value, seen);
        }
    }

    private static void WaitUntil(Func<bool> condition) =>
        Assert.True(SpinWait.SpinUntil(condition, TimeSpan.FromSeconds(30)));

    /// <summary>A flow with so many pieces of work, each of which takes its time on the test's clock.</summary>
    private sealed class Flow(ComputeGate gate, TimeSpan duration, ConcurrentQueue<Flow>? order) : ComputeFlow, IComputeWork
    {
        private int _done;
        private int _remaining;

        public ManualTimeProvider? Clock { get; set; }

        public Action? OnRun { get; init; }

        public bool IsQuick { get; init; }

        public int Remaining
        {
            get => Volatile.Read(ref _remaining);
            set => Volatile.Write(ref _remaining, value);
        }

        public int Done => Volatile.Read(ref _done);

        public override bool IsShort => IsQuick;

        public override long ExpectedTicks => duration.Ticks;

        public override IComputeWork? TryTake()
        {
            if (Interlocked.Decrement(ref _remaining) < 0)
            {
                return null;
            }

            if (Remaining > 0)
            {
                gate.NotifyReady(this);
            }

            return this;
        }

        public void Execute()
        {
            order?.Enqueue(this);
            OnRun?.Invoke();
            Clock?.Advance(duration);
            Interlocked.Increment(ref _done);
        }
    }

    // Every other time it is asked it is short.
    private sealed class UnsteadyFlow(ComputeGate gate) : ComputeFlow, IComputeWork
    {
        private int _asked;
        private int _remaining;

        public int Remaining
        {
            get => Volatile.Read(ref _remaining);
            set => Volatile.Write(ref _remaining, value);
        }

        public override bool IsShort => Interlocked.Increment(ref _asked) % 2 == 0;

        public override long ExpectedTicks => 0;

        public override IComputeWork? TryTake() => Interlocked.Decrement(ref _remaining) < 0 ? null : this;

        public void Execute() => gate.NotifyReady(this);
    }
}
