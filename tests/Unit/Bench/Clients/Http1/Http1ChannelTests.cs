using System.Net.Sockets;
using System.Text;
using Bedplate.Bench.Clients.Http1;
using Bedplate.Bench.Clients.Sockets;
using Bedplate.Bench.Measurement;

namespace Bedplate.Tests.Unit.Bench.Clients.Http1;

public class Http1ChannelTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Requests_one_after_the_other_share_a_connection(bool portablePoller)
    {
        await using var server = new ScriptedServer(async stream =>
        {
            while (await ReadRequestAsync(stream))
            {
                await WriteAsync(stream, Ok);
            }
        });
        using var harness = Create(server, portablePoller ? new SelectPoller() : null);
        for (var i = 1; i <= 20; i++)
        {
            harness.Send("GET /\r\n\r\n"u8);
            harness.RunUntilEnded(i);
        }

        Assert.All(harness.Ends, end => Assert.Equal((Outcome.Answered, "ok"), (end.Outcome, end.Text)));
        Assert.All(harness.Ends, end => Assert.NotEqual(0, end.Exchange.FirstByteAt));
        Assert.Equal(1, server.Connections);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Requests_at_the_same_time_have_a_connection_each(bool portablePoller)
    {
        using var all = new CountdownEvent(10);
        await using var server = new ScriptedServer(async stream =>
        {
            await ReadRequestAsync(stream);
            all.Signal();

            // Answers only when all requests are there: they were not sent one after the other.
            await Task.Run(() => all.Wait(TimeSpan.FromSeconds(20)));
            await WriteAsync(stream, Ok);
        });
        using var harness = Create(server, portablePoller ? new SelectPoller() : null);
        for (var i = 0; i < 10; i++)
        {
            harness.Send("GET /\r\n\r\n"u8);
        }

        harness.RunUntilEnded(10);
        Assert.All(harness.Ends, end => Assert.Equal(Outcome.Answered, end.Outcome));
        Assert.Equal(10, server.Connections);
    }

    [Fact]
    public async Task An_answer_in_single_bytes_is_one_answer()
    {
        await using var server = new ScriptedServer(async stream =>
        {
            await ReadRequestAsync(stream);
            foreach (var character in Ok)
            {
                await WriteAsync(stream, character.ToString());
                await Task.Yield();
            }

            await ReadRequestAsync(stream);
        });
        using var harness = Create(server);
        harness.Send("GET /\r\n\r\n"u8);
        harness.RunUntilEnded(1);
        Assert.Equal("ok", harness.Ends[0].Text);
    }

    [Fact]
    public async Task A_request_larger_than_the_socket_takes_at_once_arrives_whole()
    {
        const int Size = 32 << 20;
        var received = 0L;
        await using var server = new ScriptedServer(async stream =>
        {
            var buffer = new byte[1 << 20];
            while (received < Size)
            {
                received += await stream.ReadAsync(buffer);
            }

            await WriteAsync(stream, Ok);
        });
        using var harness = Create(server);
        harness.Send(new byte[Size]);
        harness.RunUntilEnded(1);
        Assert.Equal(Outcome.Answered, harness.Ends[0].Outcome);
        Assert.Equal(Size, received);
    }

    [Fact]
    public async Task A_connection_that_ends_before_the_answer_is_lost_and_the_next_request_opens_another()
    {
        var first = true;
        await using var server = new ScriptedServer(async stream =>
        {
            await ReadRequestAsync(stream);
            await WriteAsync(stream, first ? Ok[..20] : Ok);
            if (!first)
            {
                await ReadRequestAsync(stream);
            }

            first = false;
        });
        using var harness = Create(server);
        harness.Send("GET /\r\n\r\n"u8);
        harness.RunUntilEnded(1);
        Assert.Equal(OutcomeKind.ConnectionLost, harness.Ends[0].Outcome.Kind);
        harness.Send("GET /\r\n\r\n"u8);
        harness.RunUntilEnded(2);
        Assert.Equal(Outcome.Answered, harness.Ends[1].Outcome);
        Assert.Equal(2, server.Connections);
    }

    [Fact]
    public async Task An_idle_connection_that_the_server_closes_costs_no_request()
    {
        await using var server = new ScriptedServer(async stream =>
        {
            await ReadRequestAsync(stream);
            await WriteAsync(stream, Ok);
        });
        using var harness = Create(server);
        harness.Send("GET /\r\n\r\n"u8);
        harness.RunUntilEnded(1);
        var polls = 0;
        harness.RunUntil(() => ++polls > 20, "polls");
        harness.Send("GET /\r\n\r\n"u8);
        harness.RunUntilEnded(2);
        Assert.Equal(Outcome.Answered, harness.Ends[1].Outcome);
    }

    [Fact]
    public async Task A_failure_keeps_its_status_and_its_words()
    {
        await using var server = new ScriptedServer(async stream =>
        {
            await ReadRequestAsync(stream);
            await WriteAsync(stream, "HTTP/1.1 429 Too Many\r\nContent-Length: 4\r\n\r\nslow");
            await ReadRequestAsync(stream);
        });
        using var harness = Create(server);
        harness.Send("GET /\r\n\r\n"u8);
        harness.RunUntilEnded(1);
        Assert.Equal(new Outcome(OutcomeKind.HttpStatus, 429), harness.Ends[0].Outcome);
        Assert.True(harness.Ends[0].Outcome.IsRefusal);
        Assert.Equal("slow", harness.Ends[0].Text);
    }

    [Fact]
    public async Task Bytes_that_are_no_http_are_malformed()
    {
        await using var server = new ScriptedServer(async stream => await WriteAsync(stream, "220 mail.example ESMTP\r\n\r\n"));
        using var harness = Create(server);
        harness.Send("GET /\r\n\r\n"u8);
        harness.RunUntilEnded(1);
        Assert.Equal(OutcomeKind.Malformed, harness.Ends[0].Outcome.Kind);
        Assert.Contains("220 mail.example", harness.Ends[0].Cause, StringComparison.Ordinal);
    }

    [Fact]
    public void Nobody_listening_is_a_failed_connect()
    {
        // A port that was free a moment ago.
        using var probe = new TcpListener(System.Net.IPAddress.Loopback, 0);
        probe.Start();
        var endPoint = probe.LocalEndpoint;
        probe.Stop();
        using var harness = new ChannelHarness((poller, observer) => new Http1Channel(new Dialer(endPoint, null), poller, observer));
        harness.Send("GET /\r\n\r\n"u8);
        harness.RunUntilEnded(1);
        Assert.Equal(OutcomeKind.ConnectFailed, harness.Ends[0].Outcome.Kind);
    }

    [Fact]
    public async Task An_abandoned_request_ends_its_connection_and_is_not_heard_of_again()
    {
        await using var server = new ScriptedServer(async stream =>
        {
            await ReadRequestAsync(stream);
            await ReadRequestAsync(stream);
        });
        using var harness = Create(server);
        var exchange = harness.Send("GET /\r\n\r\n"u8);
        harness.RunUntil(() => server.Connections == 1, "connection");
        harness.Channel.Abandon(exchange);
        harness.Send("GET /\r\n\r\n"u8);
        harness.RunUntil(() => server.Connections == 2, "second connection");
        Assert.Empty(harness.Ends);
    }

    private static ChannelHarness Create(ScriptedServer server, Poller? poller = null) =>
        new((shared, observer) => new Http1Channel(server.Dialer, shared, observer), poller);

    private static async Task<bool> ReadRequestAsync(NetworkStream stream)
    {
        var seen = new StringBuilder();
        var buffer = new byte[1];
        while (!seen.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(buffer) == 0)
            {
                return false;
            }

            seen.Append((char)buffer[0]);
        }

        return true;
    }

    private static async Task WriteAsync(NetworkStream stream, string text) => await stream.WriteAsync(Encoding.ASCII.GetBytes(text));
}
