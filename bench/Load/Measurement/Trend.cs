namespace Bedplate.Bench.Load.Measurement;

/// <summary>A line through readings over time, by least squares.</summary>
internal sealed class Trend
{
    private readonly double _slope;
    private readonly double _span;
    private readonly double _mean;

    /// <summary>Fits it.</summary>
    /// <param name="readings">Seconds and values, in order.</param>
    public Trend(IReadOnlyList<(double Seconds, double Value)> readings)
    {
        if (readings.Count < 2)
        {
            throw new LoadException("a trend needs readings over a longer time; measure longer.");
        }

        var meanSeconds = readings.Average(each => each.Seconds);
        _mean = readings.Average(each => each.Value);
        _slope = readings.Sum(each => (each.Seconds - meanSeconds) * (each.Value - _mean))
            / readings.Sum(each => (each.Seconds - meanSeconds) * (each.Seconds - meanSeconds));
        _span = readings[^1].Seconds - readings[0].Seconds;
    }

    /// <summary>Where the line ends over where it begins.</summary>
    public double Growth => (_mean + _slope * _span / 2) / (_mean - _slope * _span / 2);
}
