using Bedplate.Bench.Clients.OpenInference;

namespace Bedplate.Bench.Clients;

/// <summary>
/// One request in flight and its times, in nanoseconds of <c>MonotonicClock</c>. Reused, never shared.
/// </summary>
internal sealed class Exchange
{
    /// <summary>Number of the request within the run, from 0.</summary>
    public long Number { get; set; }

    /// <summary>What is sent.</summary>
    public RenderedRequest Request { get; set; } = null!;

    /// <summary>Which of the distinct inputs <see cref="Request"/> carries.</summary>
    public int InputIndex { get; set; }

    /// <summary>
    /// When it was to be sent; latency counts from here. In a closed loop the same as <see cref="SentAt"/>.
    /// </summary>
    public long DueAt { get; set; }

    /// <summary>When it was handed to the channel.</summary>
    public long SentAt { get; set; }

    /// <summary>When the first bytes of the answer were read; 0 before that.</summary>
    public long FirstByteAt { get; set; }

    /// <summary>The connection or stream that carries it, for the channel alone.</summary>
    public object? Carrier { get; set; }

    /// <summary>Neighbours in <see cref="ExchangeQueue"/>.</summary>
    public Exchange? Previous { get; set; }

    /// <inheritdoc cref="Previous"/>
    public Exchange? Next { get; set; }
}
