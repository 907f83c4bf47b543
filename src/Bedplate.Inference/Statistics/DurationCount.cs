namespace Bedplate.Inference.Statistics;

/// <summary>How often something happened and how long it took in all.</summary>
/// <param name="Count">Times.</param>
/// <param name="Ticks">Total, in ticks of the engine's clock; <see cref="ModelStatisticsSnapshot.Nanoseconds"/> converts.</param>
public readonly record struct DurationCount(long Count, long Ticks)
{
    internal DurationCount Plus(long ticks) => new(Count + 1, Ticks + ticks);
}
