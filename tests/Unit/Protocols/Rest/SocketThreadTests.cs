using System.Diagnostics;
using Bedplate.Protocols.OpenInference.Rest;
using Microsoft.AspNetCore.Http;

namespace Bedplate.Tests.Unit.Protocols.Rest;

public class SocketThreadTests
{
    [Fact]
    public void A_connection_with_one_request_after_the_other_has_its_turn_and_then_waits_for_the_next() => OnSocketThread(() =>
    {
        var connection = new DefaultHttpContext();
        var leaves = Enumerable.Range(0, 50).Where(i => SocketThread.IsTurnOver(connection, Microseconds(5 * i))).ToList();
        Assert.Equal([10, 21, 32, 43], leaves);
    });

    [Fact]
    public void Connections_that_take_turns_by_themselves_stay() => OnSocketThread(() =>
    {
        var connections = new[] { new DefaultHttpContext(), new DefaultHttpContext() };
        Assert.DoesNotContain(Enumerable.Range(0, 100), i => SocketThread.IsTurnOver(connections[i % 2], Microseconds(1000 * i)));
    });

    [Theory]
    [InlineData(100, false)]
    [InlineData(16 << 10, false)]
    [InlineData((16 << 10) + 1, true)]
    [InlineData(long.MaxValue, true)]
    public void Much_is_done_elsewhere(long byteLength, bool isTooMuch) =>
        OnSocketThread(() => Assert.Equal(isTooMuch, SocketThread.IsTooMuch(byteLength)));

    [Fact]
    public void The_first_requests_of_a_kind_leave() => OnSocketThread(() =>
    {
        var first = new FirstRequests();
        var leaves = Enumerable.Range(0, 100).Where(_ => first.HasOne()).ToList();
        Assert.Equal(Enumerable.Range(0, 32), leaves);
    });

    [Fact]
    public async Task There_is_nothing_to_leave_on_the_pool()
    {
        await Task.Yield();
        Assert.False(new FirstRequests().HasOne());
        Assert.False(SocketThread.IsCurrent);
        Assert.False(SocketThread.IsTooMuch(long.MaxValue));
        var connection = new DefaultHttpContext();
        Assert.DoesNotContain(Enumerable.Range(0, 100), i => SocketThread.IsTurnOver(connection, Microseconds(1000 * i)));
    }

    private static long Microseconds(long count) => count * Stopwatch.Frequency / 1_000_000;

    private static void OnSocketThread(Action test)
    {
        Exception? failure = null;
        var thread = new Thread(() => failure = Record.Exception(test));
        thread.Start();
        thread.Join();
        if (failure is not null)
        {
            throw new UnreachableException("The test failed on its thread.", failure);
        }
    }
}
