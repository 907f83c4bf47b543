namespace Bedplate.Bench.Load;

/// <summary>
/// Finds the highest level that keeps the limit. It doubles from the start until a level misses the limit, then
/// halves the gap between the highest that kept and the lowest that missed until it is no wider than the step. So the
/// server is never asked for more than twice what it was seen to do, whatever the end of the range.
/// </summary>
internal sealed class SearchPlan : LevelPlan
{
    private const double DefaultRelativeStep = 0.05;

    // When even the start misses the limit, a search of rates goes down this far before it says that nothing keeps it.
    private const double LowestPartOfStart = 1.0 / 64;

    private readonly LevelRange _range;
    private readonly bool _wholeNumbers;
    private double? _lowestMissed;
    private double? _next;

    public SearchPlan(LevelRange range, bool wholeNumbers)
    {
        _range = range;
        _wholeNumbers = wholeNumbers;
        _next = range.Start;
    }

    /// <inheritdoc/>
    public override double? Next => _next;

    /// <inheritdoc/>
    protected override void Advance(double level, bool keptLimit)
    {
        if (!keptLimit)
        {
            _lowestMissed = level;
        }

        _next = _lowestMissed is { } missed ? Between(Best ?? 0, missed) : Further(level);
    }

    private double? Further(double level)
    {
        var end = _range.End is null or 0 ? double.MaxValue : _range.End.Value;
        return level >= end ? null : Math.Min(level * 2, end);
    }

    private double? Between(double kept, double missed)
    {
        var step = _range.Step ?? missed * DefaultRelativeStep;
        var middle = (kept + missed) / 2;
        if (_wholeNumbers)
        {
            middle = Math.Floor(middle);
            step = Math.Max(step, 1);
        }

        var givenUp = kept == 0 && !_wholeNumbers && middle < _range.Start * LowestPartOfStart;
        return missed - kept <= step || middle <= kept || givenUp ? null : middle;
    }
}
