using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Bedplate.Bench.Load.Models;

namespace Bedplate.Bench.Load.Generators;

/// <summary>
/// Clients in no hurry: they send a request, or read its answer, by a few kilobytes at a time, faster than what a
/// server may hang up on and far slower than what it could do. They go on until they are disposed.
/// </summary>
internal sealed class SlowClients : IAsyncDisposable
{
    // 40 KiB a second: 16 MiB take seven minutes.
    private const int PortionBytes = 4096;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // Small, so that what is not read stays with the server; not so small that TCP moves less than is asked for.
    private const int SocketBufferBytes = 16 * PortionBytes;

    // "HTTP/1.1 200 OK": where the status stands.
    private const int StatusOffset = 9;
    private const int StatusLength = 3;

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, int> _endings = new();
    private readonly IPEndPoint _server;
    private readonly byte[] _head;
    private readonly byte[] _body;
    private readonly Task _clients;

    /// <summary>Starts them.</summary>
    /// <param name="server">The server, which listens on an address of this machine.</param>
    /// <param name="model">The model whose requests they send.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="sendSlowly">Whether they take their time to send; otherwise they take it to read.</param>
    public SlowClients(Uri server, BenchModel model, int count, bool sendSlowly)
    {
        var request = InferRequests.Binary(model);
        var headers = string.Concat(request.Headers.Select(header => $"{header.Key}: {header.Value}\r\n"));
        _server = new IPEndPoint(IPAddress.Parse(server.Host), server.Port);
        _head = Encoding.ASCII.GetBytes(
            $"POST {InferRequests.Path(model.Name)} HTTP/1.1\r\nHost: {server.Authority}\r\n{headers}Content-Length: {request.Bytes.Length}\r\n\r\n");
        _body = request.Bytes;
        _clients = Task.WhenAll(Enumerable.Range(0, count).Select(_ => RunAsync(sendSlowly)));
    }

    /// <summary>How many got which status, or none before the connection was closed; the others are still at it.</summary>
    public string Outcomes => _endings.IsEmpty
        ? "no answer yet"
        : string.Join(", ", _endings.OrderBy(each => each.Key, StringComparer.Ordinal).Select(each => $"{each.Value} × {each.Key}"));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _clients;
        _stop.Dispose();
    }

    private async Task RunAsync(bool sendSlowly)
    {
        using var socket = new Socket(_server.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
        {
            ReceiveBufferSize = SocketBufferBytes,
            SendBufferSize = SocketBufferBytes,
            NoDelay = true,
        };
        try
        {
            await socket.ConnectAsync(_server, _stop.Token);
            await socket.SendAsync(_head, _stop.Token);
            await SendAsync(socket, sendSlowly);
            await ReadAsync(socket);
        }
        catch (OperationCanceledException)
        {
            // Enough of it.
        }
        catch (SocketException)
        {
            Count("closed");
        }
    }

    // Ends early when the server has answered already: it refuses.
    private async Task SendAsync(Socket socket, bool slowly)
    {
        for (var sent = 0; sent < _body.Length && socket.Available == 0;)
        {
            var portion = slowly ? Math.Min(PortionBytes, _body.Length - sent) : _body.Length - sent;
            sent += await socket.SendAsync(_body.AsMemory(sent, portion), _stop.Token);
            if (slowly)
            {
                await Task.Delay(Pause, _stop.Token);
            }
        }
    }

    private async Task ReadAsync(Socket socket)
    {
        var portion = new byte[PortionBytes];
        var received = await socket.ReceiveAsync(portion, _stop.Token);
        Count(received < StatusOffset + StatusLength ? "closed" : Encoding.ASCII.GetString(portion, StatusOffset, StatusLength));
        while (received > 0)
        {
            await Task.Delay(Pause, _stop.Token);
            received = await socket.ReceiveAsync(portion, _stop.Token);
        }
    }

    private void Count(string ending) => _endings.AddOrUpdate(ending, 1, (_, count) => count + 1);
}
