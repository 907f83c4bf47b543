using System.Globalization;

namespace Bedplate.Bench.Load.Results;

/// <summary>What a figure is held against.</summary>
internal sealed class Target
{
    private readonly double _least;
    private readonly double _most;

    private Target(double least, double most)
    {
        _least = least;
        _most = most;
    }

    /// <summary>The figure must not be larger.</summary>
    public static Target AtMost(double most) => new(double.NegativeInfinity, most);

    /// <summary>The figure must not be smaller.</summary>
    public static Target AtLeast(double least) => new(least, double.PositiveInfinity);

    /// <summary>The figure must lie between the two.</summary>
    public static Target Between(double least, double most) => new(least, most);

    /// <summary>Whether a figure reaches it. What could not be measured does not.</summary>
    public bool IsReachedBy(double value) => value >= _least && value <= _most;

    /// <inheritdoc/>
    public override string ToString() =>
        double.IsNegativeInfinity(_least) ? string.Create(CultureInfo.InvariantCulture, $"≤ {_most:0.###}")
        : double.IsPositiveInfinity(_most) ? string.Create(CultureInfo.InvariantCulture, $"≥ {_least:0.###}")
        : string.Create(CultureInfo.InvariantCulture, $"{_least:0.###} to {_most:0.###}");
}
