using System.Diagnostics;
using Bedplate.Protocols.OpenInference.Rest;
using Microsoft.AspNetCore.Http;

namespace Bedplate.Tests.Unit.Protocols.Rest;

public class SocketThreadTests
{
    [Fact]
    public void A_connection_with_one_request_after_the_other_has_its_turn_and_then_leaves() => OnSocketThread(() =>
    {
        var connection = new DefaultHttpContext();
        var turns = Enumerable.Range(0, 64).Select(_ => SocketThread.IsTurnOver(connection)).ToList();
        Assert.Equal(4, turns.Count(isOver => isOver));
        Assert.Equal([15, 31, 47, 63], turns.Index().Where(turn => turn.Item).Select(turn => turn.Index));
    });

    [Fact]
    public void Connections_that_take_turns_by_themselves_stay() => OnSocketThread(() =>
    {
        var connections = new[] { new DefaultHttpContext(), new DefaultHttpContext() };
        Assert.DoesNotContain(Enumerable.Range(0, 100), i => SocketThread.IsTurnOver(connections[i % 2]));
    });

    [Theory]
    [InlineData(100, false)]
    [InlineData(16 << 10, false)]
    [InlineData((16 << 10) + 1, true)]
    [InlineData(long.MaxValue, true)]
    public void Much_is_done_elsewhere(long byteLength, bool isTooMuch) =>
        OnSocketThread(() => Assert.Equal(isTooMuch, SocketThread.IsTooMuch(byteLength)));

    [Fact]
    public async Task There_is_nothing_to_leave_on_the_pool()
    {
        await Task.Yield();
        Assert.False(SocketThread.IsCurrent);
        Assert.False(SocketThread.IsTooMuch(long.MaxValue));
        var connection = new DefaultHttpContext();
        Assert.DoesNotContain(Enumerable.Range(0, 100), _ => SocketThread.IsTurnOver(connection));
    }

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
