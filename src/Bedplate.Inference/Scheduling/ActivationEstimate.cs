namespace Bedplate.Inference.Scheduling;

/// <summary>
/// What a run of a given input size will need for intermediate results, learned from the runtime's own high-water
/// mark: a fixed part and a part that grows with the input.
/// </summary>
/// <remarks>
/// Before anything is known a run is taken to need <see cref="InitialRatio"/> bytes per byte of input. Convolutional
/// models measured here need 5 to 40. Estimates err high; they only guard against inputs far larger than usual.
/// </remarks>
internal sealed class ActivationEstimate
{
    private const double InitialRatio = 32;

    // Inputs below this say more about the fixed part than about the growing one.
    private const long SmallInputBytes = 64 << 10;

    private readonly Lock _lock = new();
    private double _ratio;
    private long _fixedBytes;
    private long _largestInputBytes;
    private long _newsThreshold = -1;

    /// <summary>
    /// Whether a run of this size says something new; reading the high-water mark is not free. Sizes a quarter above
    /// the largest seen do.
    /// </summary>
    public bool IsNews(long inputBytes) => inputBytes > Volatile.Read(ref _newsThreshold);

    /// <summary>
    /// Takes in the runtime's high-water mark after runs of at most <paramref name="inputBytes"/> each, of which
    /// <paramref name="concurrentRuns"/> may have been going on.
    /// </summary>
    public void Observe(long inputBytes, long peakBytes, int concurrentRuns)
    {
        lock (_lock)
        {
            _largestInputBytes = Math.Max(_largestInputBytes, inputBytes);
            _newsThreshold = _largestInputBytes + _largestInputBytes / 4;
            var perRun = peakBytes / Math.Max(1, concurrentRuns);
            if (_largestInputBytes < SmallInputBytes)
            {
                _fixedBytes = Math.Max(_fixedBytes, perRun);
            }
            else
            {
                _ratio = Math.Max(_ratio, (double)perRun / _largestInputBytes);
            }
        }
    }

    /// <summary>Bytes a run with this much input is expected to need.</summary>
    public long For(long inputBytes)
    {
        var ratio = Volatile.Read(ref _ratio);
        return Volatile.Read(ref _fixedBytes) + (long)((ratio == 0 ? InitialRatio : ratio) * inputBytes);
    }
}
