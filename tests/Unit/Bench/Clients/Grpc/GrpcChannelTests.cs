using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Bedplate.Bench.Clients.Grpc;
using Bedplate.Bench.Clients.Http2;
using Bedplate.Bench.Clients.Sockets;
using Bedplate.Bench.Measurement;
using Bedplate.Tests.Unit.Bench.Clients.Http2;

namespace Bedplate.Tests.Unit.Bench.Clients.Grpc;

public class GrpcChannelTests
{
    private const ushort HeaderTableSize = 1;
    private const ushort MaxConcurrentStreams = 3;
    private const ushort InitialWindowSize = 4;

    private static readonly byte[] Request = Http2Peer.Message("request");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Calls_share_a_connection_and_send_their_headers_as_indices(bool portablePoller)
    {
        var sizes = new List<int>();
        await using var server = Serve(async peer =>
        {
            await peer.GreetAsync();
            while (true)
            {
                var (id, fields, body) = await peer.ReadRequestAsync();
                sizes.Add(fields.Sum(field => field.Length));
                Assert.Equal([":method: POST", ":scheme: http", ":path: /service/Method", ":authority: host:1", "te: trailers"], fields);
                Assert.Equal(Request, body);
                await peer.AnswerAsync(id, $"answer {id}");
            }
        });
        using var harness = Create(server, poller: portablePoller ? new SelectPoller() : null);
        for (var i = 1; i <= 10; i++)
        {
            harness.Send(Request);
            harness.RunUntilEnded(i);
        }

        Assert.Equal(1, server.Connections);
        Assert.All(harness.Ends, end => Assert.Equal(Outcome.Answered, end.Outcome));
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"answer {2 * i + 1}"), harness.Ends.Select(end => end.Text));
        Assert.Equal(10, sizes.Count);
    }

    [Fact]
    public async Task Answers_may_come_in_any_order()
    {
        await using var server = Serve(async peer =>
        {
            await peer.GreetAsync();
            var ids = new List<int>();
            while (ids.Count < 5)
            {
                ids.Add((await peer.ReadRequestAsync()).StreamId);
            }

            ids.Reverse();
            foreach (var id in ids)
            {
                await peer.AnswerAsync(id, $"{id}");
            }
        });
        using var harness = Create(server);
        for (var i = 0; i < 5; i++)
        {
            harness.Send(Request);
        }

        harness.RunUntilEnded(5);
        Assert.Equal(["9", "7", "5", "3", "1"], harness.Ends.Select(end => end.Text));
    }

    [Fact]
    public async Task More_streams_than_a_connection_should_have_open_another()
    {
        await using var server = Serve(async peer =>
        {
            await peer.GreetAsync();
            while (true)
            {
                await peer.AnswerAsync((await peer.ReadRequestAsync()).StreamId, "x");
            }
        });
        using var harness = Create(server, streamsPerConnection: 2);
        for (var i = 0; i < 5; i++)
        {
            harness.Send(Request);
        }

        harness.RunUntilEnded(5);
        Assert.Equal(3, server.Connections);
    }

    [Fact]
    public async Task The_limit_on_streams_that_the_server_sets_is_kept()
    {
        var most = 0;
        await using var server = Serve(async peer =>
        {
            await peer.GreetAsync((MaxConcurrentStreams, 2));
            var open = new Queue<int>();
            for (var answered = 0; answered < 6; answered++)
            {
                while (open.Count < 2 && answered + open.Count < 6)
                {
                    open.Enqueue((await peer.ReadRequestAsync()).StreamId);
                    most = Math.Max(most, open.Count);
                }

                await peer.AnswerAsync(open.Dequeue(), "x");
            }
        });

        // The streams are opened before the limit is known, so they are all on this connection.
        using var harness = Create(server);
        for (var i = 0; i < 6; i++)
        {
            harness.Send(Request);
        }

        harness.RunUntilEnded(6);
        Assert.All(harness.Ends, end => Assert.Equal(Outcome.Answered, end.Outcome));
        Assert.Equal(2, most);
    }

    [Fact]
    public async Task A_body_larger_than_the_windows_waits_for_them()
    {
        var body = Http2Peer.Message(new string('x', 300_000));
        var largest = 0;
        await using var server = Serve(async peer =>
        {
            await peer.GreetAsync((InitialWindowSize, 1000));
            var (header, _) = await peer.ReadAsync(Http2FrameType.Headers);
            using var received = new MemoryStream();
            var ended = false;
            var window = 1000;
            while (!ended)
            {
                var (data, bytes) = await peer.ReadAsync(Http2FrameType.Data);
                received.Write(bytes);
                largest = Math.Max(largest, bytes.Length);
                window -= bytes.Length;
                Assert.True(window >= 0, "the client sent beyond the window");
                ended = data.Has(Http2FrameFlags.EndStream);
                if (window == 0)
                {
                    window = 50_000;
                    await peer.SendNumberAsync(Http2FrameType.WindowUpdate, header.StreamId, 50_000);
                    await peer.SendNumberAsync(Http2FrameType.WindowUpdate, 0, 50_000);
                }
            }

            Assert.Equal(body, received.ToArray());
            await peer.AnswerAsync(header.StreamId, "x");
        });
        using var harness = Create(server);
        harness.Send(body);
        harness.RunUntilEnded(1);
        Assert.Equal(Outcome.Answered, harness.Ends[0].Outcome);
        Assert.Equal(16_384, largest);
    }

    [Fact]
    public async Task A_window_that_the_settings_change_changes_for_open_streams()
    {
        await using var server = Serve(async peer =>
        {
            await peer.GreetAsync((InitialWindowSize, 0));
            var (header, _) = await peer.ReadAsync(Http2FrameType.Headers);
            await peer.SendSettingsAsync((InitialWindowSize, 100));
            var (data, bytes) = await peer.ReadAsync(Http2FrameType.Data);
            Assert.True(data.Has(Http2FrameFlags.EndStream));
            Assert.Equal(Request, bytes);
            await peer.AnswerAsync(header.StreamId, "x");
        });
        using var harness = Create(server);
        harness.Send(Request);
        harness.RunUntilEnded(1);
        Assert.Equal(Outcome.Answered, harness.Ends[0].Outcome);
    }

    [Fact]
    public async Task A_server_without_a_header_table_is_sent_all_headers_each_time()
    {
        await using var server = Serve(async peer =>
        {
            await peer.GreetAsync((HeaderTableSize, 0));
            while (true)
            {
                var (id, fields, _) = await peer.ReadRequestAsync();
                Assert.Contains(":path: /service/Method", fields);
                await peer.AnswerAsync(id, "x");
            }
        });
        using var harness = Create(server);
        for (var i = 1; i <= 3; i++)
        {
            harness.Send(Request);
            harness.RunUntilEnded(i);
        }

        Assert.All(harness.Ends, end => Assert.Equal(Outcome.Answered, end.Outcome));
    }

    [Fact]
    public async Task Padding_priority_continuations_pings_and_unknown_frames_are_read()
    {
        var pong = Array.Empty<byte>();
        await using var server = Serve(async peer =>
        {
            await peer.GreetAsync();
            var (id, _, _) = await peer.ReadRequestAsync();
            await peer.SendAsync((Http2FrameType)0xBE, 0, 0, [1, 2, 3]);
            await peer.SendAsync(Http2FrameType.Ping, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]);
            pong = (await peer.ReadAsync(Http2FrameType.Ping)).Payload;

            var block = Http2Peer.Headers(":status: 200", "x-a: b");
            await peer.SendAsync(
                Http2FrameType.Headers, Http2FrameFlags.Padded | Http2FrameFlags.Priority, id,
                [3, 0, 0, 0, 0, 16, .. block[..5], 0, 0, 0]);
            await peer.SendAsync(Http2FrameType.Continuation, 0, id, block[5..8]);
            await peer.SendAsync(Http2FrameType.Continuation, Http2FrameFlags.EndHeaders, id, block[8..]);

            var message = Http2Peer.Message("in pieces");
            await peer.SendAsync(Http2FrameType.Data, 0, id, message[..2]);
            await peer.SendAsync(Http2FrameType.Data, Http2FrameFlags.Padded, id, [4, .. message[2..9], 0, 0, 0, 0]);
            await peer.SendAsync(Http2FrameType.Data, 0, id, []);
            await peer.SendAsync(Http2FrameType.Data, 0, id, message[9..]);
            await peer.TrailersAsync(id);
        });
        using var harness = Create(server);
        harness.Send(Request);
        harness.RunUntilEnded(1);
        Assert.Equal((Outcome.Answered, "in pieces"), (harness.Ends[0].Outcome, harness.Ends[0].Text));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], pong);
    }

    [Fact]
    public async Task A_stream_that_is_reset_ends_alone()
    {
        await using var server = Serve(async peer =>
        {
            await peer.GreetAsync();
            var first = (await peer.ReadRequestAsync()).StreamId;
            var second = (await peer.ReadRequestAsync()).StreamId;
            await peer.SendNumberAsync(Http2FrameType.ResetStream, first, 7);
            await peer.AnswerAsync(second, "x");
        });
        using var harness = Create(server);
        harness.Send(Request);
        harness.Send(Request);
        harness.RunUntilEnded(2);
        Assert.Equal([new Outcome(OutcomeKind.StreamReset, 7), Outcome.Answered], harness.Ends.Select(end => end.Outcome));
    }

    [Fact]
    public async Task Goaway_loses_what_was_not_taken_and_the_next_call_opens_a_connection()
    {
        await using var server = Serve(async peer =>
        {
            await peer.GreetAsync();
            var first = (await peer.ReadRequestAsync()).StreamId;
            if (first == 1)
            {
                try
                {
                    var second = (await peer.ReadRequestAsync()).StreamId;
                    var payload = new byte[8];
                    BinaryPrimitives.WriteInt32BigEndian(payload, first);
                    await peer.SendAsync(Http2FrameType.GoAway, 0, 0, payload);
                    Assert.Equal(3, second);
                }
                catch (EndOfStreamException)
                {
                    // The second connection has one call only.
                }
            }

            await peer.AnswerAsync(first, "taken");
        });
        using var harness = Create(server);
        harness.Send(Request);
        harness.Send(Request);
        harness.RunUntilEnded(2);
        Assert.Equal(OutcomeKind.ConnectionLost, harness.Ends[0].Outcome.Kind);
        Assert.Contains("GOAWAY", harness.Ends[0].Cause, StringComparison.Ordinal);
        Assert.Equal("taken", harness.Ends[1].Text);
        harness.Send(Request);
        harness.RunUntil(() => server.Connections == 2, "second connection");
    }

    [Fact]
    public async Task An_abandoned_call_is_reset_and_the_connection_goes_on()
    {
        var reset = 0;
        await using var server = Serve(async peer =>
        {
            await peer.GreetAsync();
            var first = (await peer.ReadRequestAsync()).StreamId;
            reset = (await peer.ReadAsync(Http2FrameType.ResetStream)).Header.StreamId;

            // What crossed the reset on the way still goes through the header decoder, and to nobody.
            await peer.AnswerAsync(first, "late");
            await peer.AnswerAsync((await peer.ReadRequestAsync()).StreamId, "in time");
        });
        using var harness = Create(server);
        var exchange = harness.Send(Request);
        harness.RunUntil(() => server.Connections == 1, "connection");
        var polls = 0;
        harness.RunUntil(() => ++polls > 20, "polls");
        harness.Channel.Abandon(exchange);
        harness.Send(Request);
        harness.RunUntilEnded(1);
        Assert.Equal("in time", harness.Ends[0].Text);
        Assert.Equal(1, reset);
    }

    [Theory]
    [InlineData("grpc-status: 14", nameof(OutcomeKind.GrpcStatus), 14)]
    [InlineData("grpc-status: nonsense", nameof(OutcomeKind.Malformed), 0)]
    [InlineData("x: y", nameof(OutcomeKind.Malformed), 0)]
    [InlineData("grpc-status: 0", nameof(OutcomeKind.Malformed), 0)]
    public async Task Trailers_alone_are_an_answer_with_a_status_or_none(string trailer, string kind, int code)
    {
        await using var server = Serve(async peer =>
        {
            await peer.GreetAsync();
            var (id, _, _) = await peer.ReadRequestAsync();
            await peer.SendAsync(
                Http2FrameType.Headers, Http2FrameFlags.EndHeaders | Http2FrameFlags.EndStream, id,
                Http2Peer.Headers(":status: 200", trailer, "grpc-message: because"));
        });
        using var harness = Create(server);
        harness.Send(Request);
        harness.RunUntilEnded(1);
        Assert.Equal(new Outcome(Enum.Parse<OutcomeKind>(kind), code), harness.Ends[0].Outcome);
        Assert.Equal(kind == nameof(OutcomeKind.GrpcStatus) ? "because" : "", harness.Ends[0].Text);
    }

    [Theory]
    [InlineData(1, 3, "compressed")]
    [InlineData(0, 2, "has 3")]
    public async Task A_message_that_is_not_as_its_prefix_says_is_malformed(byte flag, byte length, string fault)
    {
        await using var server = Serve(async peer =>
        {
            await peer.GreetAsync();
            var (id, _, _) = await peer.ReadRequestAsync();
            await peer.SendAsync(Http2FrameType.Headers, Http2FrameFlags.EndHeaders, id, Http2Peer.Headers(":status: 200"));
            await peer.SendAsync(Http2FrameType.Data, 0, id, [flag, 0, 0, 0, length, 1, 2, 3]);
            await peer.TrailersAsync(id);
        });
        using var harness = Create(server);
        harness.Send(Request);
        harness.RunUntilEnded(1);
        Assert.Equal(OutcomeKind.Malformed, harness.Ends[0].Outcome.Kind);
        Assert.Contains(fault, harness.Ends[0].Cause, StringComparison.Ordinal);
    }

    public static TheoryData<string, int, int, byte[]> BrokenFrames => new()
    {
        { "a frame above the maximum size", (int)Http2FrameType.Data, 1, new byte[16_385] },
        { "a WINDOW_UPDATE of 0", (int)Http2FrameType.WindowUpdate, 0, new byte[4] },
        { "a WINDOW_UPDATE beyond the largest window", (int)Http2FrameType.WindowUpdate, 0, [0x7F, 0xFF, 0xFF, 0xFF] },
        { "a WINDOW_UPDATE of 3 bytes", (int)Http2FrameType.WindowUpdate, 0, new byte[3] },
        { "SETTINGS of 5 bytes", (int)Http2FrameType.Settings, 0, new byte[5] },
        { "SETTINGS with a frame size too small", (int)Http2FrameType.Settings, 0, [0, 5, 0, 0, 0, 1] },
        { "a CONTINUATION of nothing", (int)Http2FrameType.Continuation, 1, new byte[1] },
        { "DATA on no stream", (int)Http2FrameType.Data, 0, new byte[1] },
        { "a push", (int)Http2FrameType.PushPromise, 1, new byte[8] },
        { "headers that do not decode", (int)Http2FrameType.Headers, 1, [0x80] },
    };

    [Theory]
    [MemberData(nameof(BrokenFrames))]
    public async Task A_frame_against_the_rules_ends_the_connection(string what, int type, int streamId, byte[] payload)
    {
        var goAway = false;
        await using var server = Serve(async peer =>
        {
            await peer.GreetAsync();
            await peer.ReadRequestAsync();
            await peer.SendAsync((Http2FrameType)type, Http2FrameFlags.EndHeaders, streamId, payload);
            await peer.ReadAsync(Http2FrameType.GoAway);
            goAway = true;
        });
        using var harness = Create(server);
        harness.Send(Request);
        harness.RunUntilEnded(1);
        Assert.True(harness.Ends[0].Outcome.Kind == OutcomeKind.Malformed, what);
        harness.RunUntil(() => goAway, "GOAWAY");
    }

    [Fact]
    public async Task A_server_of_another_protocol_is_told_apart()
    {
        await using var server = new ScriptedServer(async stream =>
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 400 Bad Request\r\n\r\n"));
            await stream.ReadExactlyAsync(new byte[1000]);
        });
        using var harness = Create(server);
        harness.Send(Request);
        harness.RunUntilEnded(1);
        Assert.Equal(OutcomeKind.Malformed, harness.Ends[0].Outcome.Kind);
        Assert.Contains("gRPC port", harness.Ends[0].Cause, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_hangs_up_before_its_settings_is_not_connected_to()
    {
        await using var server = new ScriptedServer(stream => Task.CompletedTask);
        using var harness = Create(server);
        harness.Send(Request);
        harness.Send(Request);
        harness.RunUntilEnded(2);
        Assert.All(harness.Ends, end => Assert.Equal(OutcomeKind.ConnectFailed, end.Outcome.Kind));
    }

    private static ScriptedServer Serve(Func<Http2Peer, Task> script) => new(stream => script(new Http2Peer(stream)));

    private static ChannelHarness Create(ScriptedServer server, int streamsPerConnection = 100, Poller? poller = null)
    {
        var headers = new RequestHeaderBlocks(isTls: false, "host:1", "/service/Method", [KeyValuePair.Create("te", "trailers")]);
        return new ChannelHarness(
            (shared, observer) => new GrpcChannel(server.Dialer, shared, observer, headers, streamsPerConnection), poller);
    }
}
