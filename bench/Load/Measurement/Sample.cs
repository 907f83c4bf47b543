namespace Bedplate.Bench.Load.Measurement;

/// <summary>Measured values of one kind.</summary>
internal sealed class Sample
{
    private readonly List<double> _values = [];
    private bool _isSorted = true;

    public int Count => _values.Count;

    public double Max => Percentile(100);

    public double Median => Percentile(50);

    /// <summary>All values of several samples.</summary>
    public static Sample Join(IEnumerable<Sample> samples)
    {
        var all = new Sample();
        foreach (var sample in samples)
        {
            all._values.AddRange(sample._values);
        }

        all._isSorted = false;
        return all;
    }

    /// <summary>The median of some values; not a number when there are none.</summary>
    public static double MedianOf(IEnumerable<double> values)
    {
        var sample = new Sample();
        foreach (var value in values)
        {
            sample.Add(value);
        }

        return sample.Median;
    }

    public void Add(double value)
    {
        _values.Add(value);
        _isSorted = false;
    }

    /// <summary>The smallest value that so many per cent of all do not exceed; not a number when there are none.</summary>
    public double Percentile(double percent)
    {
        if (_values.Count == 0)
        {
            return double.NaN;
        }

        if (!_isSorted)
        {
            _values.Sort();
            _isSorted = true;
        }

        return _values[Math.Clamp((int)Math.Ceiling(percent / 100 * _values.Count) - 1, 0, _values.Count - 1)];
    }
}
