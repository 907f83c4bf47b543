namespace Bedplate.Inference.Scheduling;

/// <summary>
/// How fast a queue that does not run empty is served: seconds per row between one batch taken and the next. It takes
/// in what the model's own run time does not tell: other models' share of the machine, and the machine's mood.
/// Guarded by the scheduler's lock.
/// </summary>
internal sealed class QueueDrainRate(TimeProvider time)
{
    private const double SampleWeight = 0.1;

    // What was seen longer ago says nothing of now: the neighbours that slowed it down may be gone, and where it lets
    // nobody wait any more it would never be seen again.
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(1);

    private readonly long _memoryTicks = time.ToTicks(Memory);
    private long _lastTaken;
    private int _lastRows;
    private bool _hadBacklog;
    private double _meanSeconds;
    private double _meanRows;
    private double _meanRowsTaken;
    private long _lastSeen;

    /// <summary>Seconds per row; 0 while never seen with a backlog.</summary>
    public double SecondsPerRow => _meanRows == 0 ? 0 : _meanSeconds / _meanRows;

    /// <summary>Rows that are taken together, of late.</summary>
    public int RowsPerBatch => (int)Math.Ceiling(_meanRowsTaken);

    /// <summary>Begins anew if what is known is old.</summary>
    public void ForgetBefore(long now)
    {
        if (_meanRows != 0 && now - _lastSeen > _memoryTicks)
        {
            _meanRows = 0;
            _meanSeconds = 0;
        }
    }

    /// <summary>A batch of <paramref name="rows"/> rows has been taken; <paramref name="backlog"/>: others still wait.</summary>
    public void OnTaken(int rows, bool backlog, long now)
    {
        if (_hadBacklog)
        {
            var weight = _meanRows == 0 ? 1 : SampleWeight;
            _meanSeconds += weight * ((double)(now - _lastTaken) / time.TimestampFrequency - _meanSeconds);
            _meanRows += weight * (_lastRows - _meanRows);
            _lastSeen = now;
        }

        _meanRowsTaken += SampleWeight * (rows - _meanRowsTaken);
        _lastTaken = now;
        _lastRows = rows;
        _hadBacklog = backlog;
    }
}
