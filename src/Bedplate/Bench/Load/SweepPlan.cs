namespace Bedplate.Bench.Load;

/// <summary>
/// From the start to the end of a range in equal steps. With <paramref name="stopsAtLimit"/> the first level that
/// misses the limit is the last; an open end (0) needs that.
/// </summary>
internal sealed class SweepPlan(LevelRange range, bool stopsAtLimit) : LevelPlan
{
    private readonly double _step = range.Step ?? 1;
    private int _index;
    private bool _done;

    /// <inheritdoc/>
    public override double? Next => _done ? null : range.Start + _index * _step;

    /// <inheritdoc/>
    protected override void Advance(double level, bool keptLimit)
    {
        _index++;

        // A little slack: 1:2:0.1 must reach 2 although ten tenths are not exactly one.
        var isPastEnd = range.End switch
        {
            null => true,
            0 => false,
            var end => range.Start + _index * _step > end.Value + _step / 1000,
        };
        _done = isPastEnd || (stopsAtLimit && !keptLimit);
    }
}
