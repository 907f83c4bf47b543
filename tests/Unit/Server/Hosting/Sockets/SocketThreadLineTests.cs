using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Bedplate.Server.Hosting.Sockets;

namespace Bedplate.Tests.Unit.Server.Hosting.Sockets;

public class SocketThreadLineTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Whoever_joins_goes_on_after_those_before()
    {
        const int Count = 100;
        var order = new ConcurrentQueue<int>();
        var joined = new TaskCompletionSource<Task>();
        var thread = new Thread(() => joined.SetResult(Task.WhenAll(Enumerable.Range(0, Count).Select(JoinAsync))));
        thread.Start();
        await (await joined.Task).WaitAsync(Deadline, TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(0, Count), order);

        async Task JoinAsync(int number)
        {
            await SocketThreadLine.Join();
            order.Enqueue(number);
        }
    }

    [Fact]
    public async Task Nobody_is_left_standing_however_many_threads_join_again_and_again()
    {
        var runs = Enumerable.Range(0, 2 * Environment.ProcessorCount).Select(_ =>
        {
            var all = new TaskCompletionSource<Task>();
            new Thread(() => all.SetResult(Task.WhenAll(Enumerable.Range(0, 10).Select(_ => JoinOftenAsync())))).Start();
            return all.Task.Unwrap();
        });
        await Task.WhenAll(runs).WaitAsync(Deadline, TestContext.Current.CancellationToken);

        static async Task JoinOftenAsync()
        {
            for (var i = 0; i < 500; i++)
            {
                await SocketThreadLine.Join();
            }
        }
    }

    [Fact]
    public async Task Whoever_joins_again_in_its_turn_leaves_the_thread_to_other_sockets_first()
    {
        var (bell, ear) = await ConnectAsync();
        using var ends = new EndsOfLine(bell, ear);
        var line = new SocketThreadLine(bell, ear);
        var rang = new List<int>();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        line.Add(Turn);
        await done.Task.WaitAsync(Deadline, TestContext.Current.CancellationToken);

        // What lay in the ear would be heard at once, and the next turn begin without a look at any other socket.
        Assert.Equal(new int[10], rang);

        void Turn()
        {
            line.Add(rang.Count < 9 ? Turn : done.SetResult);
            rang.Add(ear.Available);
        }
    }

    [Fact]
    public async Task Nobody_is_left_standing_in_a_line_that_hears_nothing()
    {
        var (bell, ear) = await ConnectAsync();
        using var ends = new EndsOfLine(bell, ear);
        var line = new SocketThreadLine(bell, ear);
        await JoinAsync();

        bell.Shutdown(SocketShutdown.Both);
        await Task.WhenAll(JoinAsync(), JoinAsync(), JoinAsync());
        await JoinAsync();

        Task JoinAsync()
        {
            var wentOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            line.Add(wentOn.SetResult);
            return wentOn.Task.WaitAsync(Deadline, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task What_one_throws_leaves_the_line_to_the_others()
    {
        var failing = FailAsync();
        await JoinAsync().WaitAsync(Deadline, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<InvalidOperationException>(() => failing);
        await JoinAsync().WaitAsync(Deadline, TestContext.Current.CancellationToken);

        static async Task JoinAsync() => await SocketThreadLine.Join();

        static async Task FailAsync()
        {
            await SocketThreadLine.Join();
            throw new InvalidOperationException("Thrown after its turn came.");
        }
    }

    private static async Task<(Socket Bell, Socket Ear)> ConnectAsync()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var bell = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await bell.ConnectAsync(listener.LocalEndPoint!, TestContext.Current.CancellationToken);
        return (bell, await listener.AcceptAsync(TestContext.Current.CancellationToken));
    }

    private sealed record EndsOfLine(Socket Bell, Socket Ear) : IDisposable
    {
        public void Dispose()
        {
            Bell.Dispose();
            Ear.Dispose();
        }
    }
}
