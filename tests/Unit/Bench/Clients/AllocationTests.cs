using Bedplate.Bench;
using Bedplate.Bench.Clients;
using Bedplate.Bench.Clients.Grpc;
using Bedplate.Bench.Clients.Http1;
using Bedplate.Bench.Clients.Http2;
using Bedplate.Bench.Clients.OpenInference;
using Bedplate.Bench.Clients.Sockets;
using Bedplate.Bench.Measurement;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.OpenInference;

namespace Bedplate.Tests.Unit.Bench.Clients;

/// <summary>A request costs no allocation on the load thread: collections would stop it, and show as latency.</summary>
public class AllocationTests
{
    private const int Requests = 500;
    private const int InFlight = 4;

    [Theory]
    [InlineData("http")]
    [InlineData("grpc")]
    public async Task A_request_allocates_nothing(string protocol)
    {
        await using var server = await EchoServer.StartAsync(new EchoModel("m", new EchoModel.Input("x", "FP32", 1, 4)));
        var target = Target.Parse(protocol == "grpc" ? server.Grpc : server.Http, protocol: null, out _)!;
        var dialer = new Dialer(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, target.Port), tls: null);
        NamedTensor[] inputs = [new("x", DataType.Float32, new TensorShape(1, 4), new byte[16])];
        using var loop = protocol == "grpc"
            ? new Loop(
                new GrpcRequestRenderer("m", "").Render(inputs),
                (poller, observer) => new GrpcChannel(dialer, poller, observer, GrpcHeaders(target), streamsPerConnection: 16))
            : new Loop(
                new RestRequestRenderer(target.Authority, "/v2/models/m/infer", HttpFormat.Binary, []).Render(inputs),
                (poller, observer) => new Http1Channel(dialer, poller, observer));
        loop.Run();
        var before = GC.GetAllocatedBytesForCurrentThread();
        loop.Run();
        var perRequest = (double)(GC.GetAllocatedBytesForCurrentThread() - before) / Requests;
        Assert.True(perRequest < 1, $"{perRequest} bytes per request");
        Assert.Equal(2 * Requests, loop.Record.Answered);
    }

    private static RequestHeaderBlocks GrpcHeaders(Target target) => new(
        isTls: false, target.Authority, GrpcMessages.ModelInfer,
        [KeyValuePair.Create("te", "trailers"), KeyValuePair.Create("content-type", "application/grpc")]);

    private sealed class Loop : IExchangeObserver, IDisposable
    {
        private readonly Poller _poller = Poller.Create();
        private readonly RequestChannel _channel;
        private readonly Exchange[] _exchanges;
        private int _left;

        public Loop(RenderedRequest request, Func<Poller, IExchangeObserver, RequestChannel> create)
        {
            _channel = create(_poller, this);
            _exchanges = [.. Enumerable.Range(0, InFlight).Select(_ => new Exchange { Request = request })];
        }

        public LoadRecord Record { get; } = new();

        public bool WantsAnswers => false;

        public void Run()
        {
            _left = Requests;
            foreach (var exchange in _exchanges)
            {
                Send(exchange);
            }

            while (_left > 0)
            {
                _channel.Flush();
                _poller.Poll(10 * MonotonicClock.NanosecondsPerMillisecond);
            }
        }

        public void OnEnded(Exchange exchange, in ExchangeEnd end)
        {
            if (end.Outcome.Kind == OutcomeKind.Answered)
            {
                Record.RecordAnswer(MonotonicClock.Now - exchange.SentAt, 0, inTime: true);
            }

            if (--_left >= InFlight)
            {
                Send(exchange);
            }
        }

        public void Dispose()
        {
            _channel.Dispose();
            _poller.Dispose();
        }

        private void Send(Exchange exchange)
        {
            exchange.FirstByteAt = 0;
            exchange.SentAt = MonotonicClock.Now;
            _channel.Send(exchange);
        }
    }
}
