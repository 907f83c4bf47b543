using System.Net;
using Bedplate.Server.Hosting.Sockets;
using Bedplate.Tests.TestKit.Threading;
using Microsoft.AspNetCore.Connections;

namespace Bedplate.Tests.Unit.Server.Hosting.Sockets;

public class TurnTakingListenerTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public void Other_sockets_come_between_two_connections_on_a_thread_that_waits_for_sockets()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only on Linux do threads that wait for sockets run requests.");
        PlainThread.Run(() =>
        {
            using var line = new HeldLine();
            var accepting = new TurnTakingListener(new Crowd()).AcceptAsync(TestContext.Current.CancellationToken).AsTask();
            Assert.False(accepting.IsCompleted, "The connection was taken before others had their turn.");
            line.LetGo();
            Assert.True(accepting.Wait(Deadline, TestContext.Current.CancellationToken));
            Assert.NotNull(accepting.Result);
        });
    }

    [Fact]
    public async Task On_the_pool_nobody_is_kept_waiting()
    {
        await Task.Yield();
        var accepting = new TurnTakingListener(new Crowd()).AcceptAsync(TestContext.Current.CancellationToken).AsTask();
        Assert.True(accepting.IsCompletedSuccessfully);
    }

    /// <summary>Where there is always another connection.</summary>
    private sealed class Crowd : IConnectionListener
    {
        public EndPoint EndPoint => new IPEndPoint(IPAddress.Loopback, 0);

        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) => new(new DefaultConnectionContext());

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => default;

        public ValueTask DisposeAsync() => default;
    }
}
