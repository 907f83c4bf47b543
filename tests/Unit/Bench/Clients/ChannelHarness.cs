using System.Diagnostics;
using System.Text;
using Bedplate.Bench.Clients;
using Bedplate.Bench.Clients.OpenInference;
using Bedplate.Bench.Clients.Sockets;
using Bedplate.Bench.Measurement;

namespace Bedplate.Tests.Unit.Bench.Clients;

/// <summary>A load thread's loop without the load: sends what a test says and keeps how it ended.</summary>
internal sealed class ChannelHarness : IExchangeObserver, IDisposable
{
    private readonly Poller _poller;

    public ChannelHarness(Func<Poller, IExchangeObserver, RequestChannel> create, Poller? poller = null)
    {
        _poller = poller ?? Poller.Create();
        Channel = create(_poller, this);
    }

    public RequestChannel Channel { get; }

    public List<Ended> Ends { get; } = [];

    public bool WantsAnswers => true;

    public Exchange Send(params ReadOnlySpan<byte> request)
    {
        var exchange = new Exchange { Request = new RenderedRequest(request.ToArray()), Number = Ends.Count };
        Channel.Send(exchange);
        return exchange;
    }

    /// <summary>Runs the loop until so many exchanges have ended.</summary>
    public void RunUntilEnded(int count) => RunUntil(() => Ends.Count >= count, $"{count} ends");

    /// <summary>Runs the loop until a condition holds.</summary>
    public void RunUntil(Func<bool> condition, string what)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"Still no {what}; ended: {string.Join("; ", Ends)}");
            Channel.Flush();
            _poller.Poll(5 * MonotonicClock.NanosecondsPerMillisecond);
        }
    }

    public void OnEnded(Exchange exchange, in ExchangeEnd end) =>
        Ends.Add(new Ended(exchange, end.Outcome, Encoding.UTF8.GetString(end.Bytes), end.Cause));

    public void Dispose()
    {
        Channel.Dispose();
        _poller.Dispose();
    }

    internal sealed record Ended(Exchange Exchange, Outcome Outcome, string Text, string? Cause);
}
