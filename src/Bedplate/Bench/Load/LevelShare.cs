using System.Threading.Channels;
using Bedplate.Bench.Measurement;

namespace Bedplate.Bench.Load;

/// <summary>
/// One load thread's part of a level. Written by the generator, read by the thread; times are of
/// <see cref="MonotonicClock"/>.
/// </summary>
internal sealed class LevelShare
{
    private long _stopAt = long.MaxValue;
    private long _sendUntil = long.MaxValue;
    private long _drainUntil = long.MaxValue;

    /// <summary>Closed loop: requests to keep in flight; open loop: the most allowed in flight.</summary>
    public required int InFlight { get; init; }

    /// <summary>Open loop: when requests fall due. Null in a closed loop.</summary>
    public ArrivalSchedule? Schedule { get; init; }

    /// <summary>When the load starts, and the schedule's zero.</summary>
    public required long StartAt { get; init; }

    /// <summary>When the first window starts; what ends before it is not measured.</summary>
    public required long MeasureFrom { get; init; }

    /// <summary>Length of a window.</summary>
    public required long WindowLength { get; init; }

    /// <summary>Where each finished window goes; bounded by the windows of a level.</summary>
    public required ChannelWriter<WindowReport> Reports { get; init; }

    /// <summary>No new requests fall due from here on.</summary>
    public long StopAt => Volatile.Read(ref _stopAt);

    /// <summary>Until when requests that were due before the end may still be sent.</summary>
    public long SendUntil => Volatile.Read(ref _sendUntil);

    /// <summary>Until when to wait for answers.</summary>
    public long DrainUntil => Volatile.Read(ref _drainUntil);

    /// <summary>Ends the level.</summary>
    public void Stop(long stopAt, long sendUntil, long drainUntil)
    {
        // The stop last: a thread that sees it sees the other two.
        Volatile.Write(ref _sendUntil, sendUntil);
        Volatile.Write(ref _drainUntil, drainUntil);
        Volatile.Write(ref _stopAt, stopAt);
    }
}
