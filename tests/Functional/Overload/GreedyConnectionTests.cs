using System.Net;
using System.Net.Sockets;
using System.Text;
using Bedplate.Tests.TestKit.Models;
using Bedplate.Tests.TestKit.Server;
using Bedplate.Tests.TestKit.Time;

namespace Bedplate.Tests.Functional.Overload;

public class GreedyConnectionTests
{
    [Fact]
    public async Task Connections_that_always_have_a_next_request_keep_no_thread_from_the_others()
    {
        // Small requests run on the threads that wait for sockets, and each of these would never be done with one.
        using var models = new ModelFolder().Add("sum", OnnxModels.Add());
        await using var server = await ServerProcess.StartAsync("--model-repository", models.Path);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var greedy = Enumerable.Range(0, 2 * Environment.ProcessorCount).Select(_ => AskWithoutEndAsync(server.Rest.Address.Port, stop.Token)).ToList();
        for (var i = 0; i < 20; i++)
        {
            // A connection of its own each time, so that every thread is asked.
            using var client = new RestTestClient(server.Rest.Address);
            var answer = await client.GetAsync("/v2/health/ready").WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken);
            Assert.Equal(200, answer.Status);
        }

        Assert.DoesNotContain(greedy, task => task.IsCompleted);
        await stop.CancelAsync();
        var answered = await Task.WhenAll(greedy);
        Assert.All(answered, bytes => Assert.True(bytes > 0));
    }

    // Sends requests one behind the other, whether they are answered or not, and reads what comes.
    private static async Task<long> AskWithoutEndAsync(int port, CancellationToken stop)
    {
        const string Body = """{"inputs":[{"name":"a","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]},{"name":"b","shape":[1,4],"datatype":"FP32","data":[10,20,30,40]}]}""";
        var request = RawConnection.Head("/v2/models/sum/infer", Body.Length) + Body;
        var requests = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(request, 100)));
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port, stop);
        var read = 0L;
        await Task.WhenAll(SendAsync(), ReceiveAsync());
        return read;

        async Task SendAsync()
        {
            try
            {
                while (true)
                {
                    await socket.SendAsync(requests, stop);
                }
            }
            catch (OperationCanceledException)
            {
                // Enough.
            }
        }

        async Task ReceiveAsync()
        {
            var buffer = new byte[64 << 10];
            try
            {
                while (true)
                {
                    var received = await socket.ReceiveAsync(buffer, stop);
                    Assert.NotEqual(0, received);
                    read += received;
                }
            }
            catch (OperationCanceledException)
            {
                // Enough.
            }
        }
    }
}
