namespace Bedplate.Bench.Load;

/// <summary>
/// Decides which level to measure next from whether the last one kept the limit. Pure: it sees no clock and no
/// server, so that a test can drive it with any server's curve.
/// </summary>
internal abstract class LevelPlan
{
    /// <summary>The highest level that kept the limit so far.</summary>
    public double? Best { get; private set; }

    /// <summary>The level to measure next; null when the plan is done.</summary>
    public abstract double? Next { get; }

    /// <summary>Says how measuring <see cref="Next"/> went.</summary>
    public void Report(bool keptLimit)
    {
        var level = Next ?? throw new InvalidOperationException("The plan is done; there was nothing to report on.");
        if (keptLimit && !(Best >= level))
        {
            Best = level;
        }

        Advance(level, keptLimit);
    }

    /// <summary>Moves to the level after <paramref name="level"/>.</summary>
    protected abstract void Advance(double level, bool keptLimit);
}
