namespace Bedplate.Inference.Onnx.Interop;

/// <summary>
/// How often one message may come: a few at once, then one in a while. Some of the runtime's warnings are caused by a
/// request's values, and whoever sends such requests by the thousand must not fill the log.
/// </summary>
internal sealed class MessageLimit(TimeProvider time)
{
    /// <summary>Messages of one place that may follow each other, as when a model is loaded.</summary>
    public const int Burst = 20;

    /// <summary>How long after it the next one may come.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    // The runtime warns from some hundred places, a model from a handful. Two that fall together share a limit.
    private const int Places = 64;

    private readonly Lock _lock = new();
    private readonly Place[] _places = new Place[Places];
    private readonly long _intervalTicks = (long)(Interval.TotalSeconds * time.TimestampFrequency);

    /// <summary>Whether a message may come now.</summary>
    /// <param name="place">The line of the runtime's sources that it comes from.</param>
    /// <param name="leftOut">How many of that place did not since the last one that did.</param>
    public bool TryPass(ReadOnlySpan<byte> place, out long leftOut)
    {
        var hash = default(HashCode);
        hash.AddBytes(place);
        var now = time.GetTimestamp();
        lock (_lock)
        {
            ref var known = ref _places[(uint)hash.ToHashCode() % Places];

            // Each message takes an interval, and a burst takes those ahead.
            var free = Math.Max(known.FreeFrom, now);
            if (free - now > (Burst - 1) * _intervalTicks)
            {
                known.LeftOut++;
                leftOut = 0;
                return false;
            }

            known.FreeFrom = free + _intervalTicks;
            leftOut = known.LeftOut;
            known.LeftOut = 0;
            return true;
        }
    }

    private struct Place
    {
        public long FreeFrom;
        public long LeftOut;
    }
}
