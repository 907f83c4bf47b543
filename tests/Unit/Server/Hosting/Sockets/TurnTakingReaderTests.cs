using System.Diagnostics;
using System.IO.Pipelines;
using Bedplate.Server.Hosting.Sockets;
using Bedplate.Tests.TestKit.Threading;

namespace Bedplate.Tests.Unit.Server.Hosting.Sockets;

public class TurnTakingReaderTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public void A_connection_that_always_has_more_to_read_has_its_turn_on_a_thread_that_waits_for_sockets() => OnLinux(() =>
    {
        var connection = new TurnTakingReader(new Pipe().Reader);
        Assert.False(connection.IsTurnOver(Microseconds(0)));
        Assert.False(connection.IsTurnOver(Microseconds(49)));
        Assert.True(connection.IsTurnOver(Microseconds(50)));
        Assert.True(connection.IsTurnOver(Microseconds(1000)));
    });

    [Fact]
    public void Connections_that_take_turns_by_themselves_stay() => OnLinux(() =>
    {
        var connections = new[] { new TurnTakingReader(new Pipe().Reader), new TurnTakingReader(new Pipe().Reader) };
        Assert.DoesNotContain(Enumerable.Range(0, 100), i => connections[i % 2].IsTurnOver(Microseconds(1000 * i)));
    });

    [Fact]
    public async Task There_are_no_turns_on_the_pool()
    {
        await Task.Yield();
        var connection = new TurnTakingReader(new Pipe().Reader);
        Assert.DoesNotContain(Enumerable.Range(0, 100), i => connection.IsTurnOver(Microseconds(1000 * i)));
    }

    [Fact]
    public void What_is_read_after_the_turn_comes_once_others_had_theirs() => OnLinux(() =>
    {
        var connection = OfTurnThatIsOver();
        using var line = new HeldLine();
        Assert.False(connection.TryRead(out _));
        var reading = connection.ReadAsync(TestContext.Current.CancellationToken).AsTask();
        Assert.False(reading.IsCompleted, "What was there was read before others had their turn.");
        line.LetGo();
        Assert.True(reading.Wait(Deadline, TestContext.Current.CancellationToken));
        Assert.Equal([1, 2, 3], reading.Result.Buffer.FirstSpan.ToArray());

        // The next turn.
        connection.AdvanceTo(reading.Result.Buffer.GetPosition(1));
        Assert.True(connection.TryRead(out var rest));
        Assert.Equal([2, 3], rest.Buffer.FirstSpan.ToArray());
    });

    private static TurnTakingReader OfTurnThatIsOver()
    {
        var pipe = new Pipe();
        pipe.Writer.AsStream(leaveOpen: true).Write([1, 2, 3]);
        var connection = new TurnTakingReader(pipe.Reader);
        var began = Stopwatch.GetTimestamp();
        Assert.False(connection.IsTurnOver(began));
        SpinWait.SpinUntil(() => connection.IsTurnOver(Stopwatch.GetTimestamp()));
        return connection;
    }

    private static long Microseconds(long count) => count * Stopwatch.Frequency / 1_000_000;

    // Elsewhere no such thread runs what is none of its own.
    private static void OnLinux(Action test)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only on Linux do threads that wait for sockets run requests.");
        PlainThread.Run(test);
    }
}
