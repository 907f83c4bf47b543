using System.Net;
using System.Net.Sockets;
using Bedplate.Bench.Clients.Sockets;

namespace Bedplate.Tests.Unit.Bench.Clients;

/// <summary>A server that does exactly what a test's script says on each connection, right or wrong.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _run;

    public ScriptedServer(Func<NetworkStream, Task> script)
    {
        _listener.Start();
        _run = RunAsync(script);
    }

    public int Connections { get; private set; }

    public Dialer Dialer => new(_listener.LocalEndpoint, tls: null);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync(Func<NetworkStream, Task> script)
    {
        var conversations = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                Connections++;
                conversations.Add(ConverseAsync(client, script));
            }
        }
        catch (OperationCanceledException)
        {
        }

        // A script that failed fails the test here.
        await Task.WhenAll(conversations);
    }

    private async Task ConverseAsync(TcpClient client, Func<NetworkStream, Task> script)
    {
        using (client)
        {
            client.NoDelay = true;
            try
            {
                await script(client.GetStream()).WaitAsync(_stop.Token);
            }
            catch (Exception exception) when (exception is OperationCanceledException or IOException)
            {
                // The test is over, or its client hung up first.
            }
        }
    }
}
