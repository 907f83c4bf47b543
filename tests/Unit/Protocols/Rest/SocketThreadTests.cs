using Bedplate.Protocols.OpenInference.Rest;
using Bedplate.Tests.TestKit.Threading;

namespace Bedplate.Tests.Unit.Protocols.Rest;

public class SocketThreadTests
{
    [Theory]
    [InlineData(100, false)]
    [InlineData(16 << 10, false)]
    [InlineData((16 << 10) + 1, true)]
    [InlineData(long.MaxValue, true)]
    public void Much_is_done_elsewhere(long byteLength, bool isTooMuch) =>
        PlainThread.Run(() => Assert.Equal(isTooMuch, SocketThread.IsTooMuch(byteLength)));

    [Fact]
    public void The_first_requests_of_a_kind_leave() => PlainThread.Run(() =>
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
    }
}
