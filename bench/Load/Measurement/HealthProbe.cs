using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Bedplate.Bench.Load.Servers;

namespace Bedplate.Bench.Load.Measurement;

/// <summary>
/// Asks a server for its health again and again, and notes how long each answer takes. On a thread and a connection of its
/// own: a client library and the pool its continuations wait in would be in the figures.
/// </summary>
internal sealed class HealthProbe : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private const int WarmUps = 50;

    private readonly Socket _connection = new(SocketType.Stream, ProtocolType.Tcp)
    {
        NoDelay = true,
        SendTimeout = (int)Patience.TotalMilliseconds,
        ReceiveTimeout = (int)Patience.TotalMilliseconds,
    };

    private readonly ManualResetEvent _stop = new(initialState: false);
    private readonly byte[] _request;
    private readonly byte[] _answer = new byte[4096];
    private readonly Thread _thread;

    private HealthProbe(Uri server)
    {
        _request = Encoding.ASCII.GetBytes($"GET /v2/health/ready HTTP/1.1\r\nHost: {server.Authority}\r\n\r\n");
        _connection.Connect(server.Host, server.Port);
        _thread = new Thread(Run) { IsBackground = true, Name = "health probe" };
    }

    /// <summary>Milliseconds of each answer; complete once the probe is disposed.</summary>
    public Sample Latencies { get; } = new();

    /// <summary>Answers that were no success, or did not come.</summary>
    public int Failed { get; private set; }

    /// <summary>Starts one, its own code and the server's compiled.</summary>
    public static HealthProbe Start(BedplateServer server)
    {
        var probe = new HealthProbe(server.Http);
        for (var i = 0; i < WarmUps; i++)
        {
            probe.TryAsk(out _);
        }

        probe._thread.Start();
        return probe;
    }

    public void Dispose()
    {
        _stop.Set();
        _thread.Join();
        _connection.Dispose();
        _stop.Dispose();
    }

    private void Run()
    {
        var isThere = true;
        while (isThere && !_stop.WaitOne(Interval))
        {
            var asked = Stopwatch.GetTimestamp();
            isThere = TryAsk(out var isSuccess);
            Latencies.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
            Failed += isSuccess ? 0 : 1;
        }
    }

    // False when nobody answers, or not in time: the connection is then of no further use.
    private bool TryAsk(out bool isSuccess)
    {
        isSuccess = false;
        try
        {
            _connection.Send(_request);
            var length = 0;
            do
            {
                var received = _connection.Receive(_answer.AsSpan(length));
                if (received == 0)
                {
                    return false;
                }

                length += received;
            }
            while (!IsWhole(_answer.AsSpan(0, length)));
        }
        catch (SocketException)
        {
            return false;
        }

        isSuccess = _answer.AsSpan().StartsWith("HTTP/1.1 200 "u8);
        return true;
    }

    // The body is one JSON object of a line.
    private static bool IsWhole(ReadOnlySpan<byte> answer) => answer.IndexOf("\r\n\r\n"u8) >= 0 && answer[^1] == '}';
}
