namespace Bedplate.Inference.Scheduling;

/// <summary>
/// How fast a queue that does not run empty is served: seconds per row between one batch taken and the next. It takes
/// in what the model's own run time does not tell: other models' share of the machine, and the machine's mood.
/// Guarded by the scheduler's lock.
/// </summary>
internal sealed class QueueDrainRate(TimeProvider time)
{
    private const double SampleWeight = 0.1;
    private long _lastTaken;
    private int _lastRows;
    private bool _hadBacklog;
    private double _meanSeconds;
    private double _meanRows;

    /// <summary>Seconds per row; 0 while never seen with a backlog.</summary>
    public double SecondsPerRow => _meanRows == 0 ? 0 : _meanSeconds / _meanRows;

    /// <summary>A batch of <paramref name="rows"/> rows has been taken; <paramref name="backlog"/>: others still wait.</summary>
    public void OnTaken(int rows, bool backlog, long now)
    {
        if (_hadBacklog)
        {
            var weight = _meanRows == 0 ? 1 : SampleWeight;
            _meanSeconds += weight * ((double)(now - _lastTaken) / time.TimestampFrequency - _meanSeconds);
            _meanRows += weight * (_lastRows - _meanRows);
        }

        _lastTaken = now;
        _lastRows = rows;
        _hadBacklog = backlog;
    }
}
