namespace Bedplate.Inference.Scheduling.Batching;

/// <summary>
/// Whether one way is better than another, from what they are worth in turns close to each other: the mean of the logarithms of
/// the ratios, and how sure that is. What else the machine does falls on both turns of a pair, and on a pair here and
/// there, which makes the result less sure and not wrong.
/// </summary>
internal sealed class PairedComparison
{
    /// <summary>Pairs after which it stays undecided.</summary>
    public const int MostPairs = 16;

    private const int FewestPairs = 5;

    // A challenger that is so much worse twice in a row, or in the mean, is not given another turn: what it loses is lost
    // for good.
    private const double Hopeless = 0.8;
    private const double HopelessInTheMean = 0.5;

    // Standard errors between the mean and what it is held against: looked at after every pair, so more than for one look.
    private const double Certainty = 2.5;

    private int _count;
    private double _sum;
    private double _sumOfSquares;
    private double _largestRatio;

    /// <summary>The mean of the challenger's worth over the other's; 1 before the first pair.</summary>
    public double MeanRatio => _count == 0 ? 1 : Math.Exp(_sum / _count);

    /// <summary>Adds the worths of one pair of turns; both above zero.</summary>
    public void Add(double worth, double challengersWorth)
    {
        var log = Math.Log(challengersWorth / worth);
        _count++;
        _sum += log;
        _sumOfSquares += log * log;
        _largestRatio = Math.Max(_largestRatio, challengersWorth / worth);
    }

    /// <summary>What is known by now.</summary>
    public ComparisonResult Result
    {
        get
        {
            if (_count < FewestPairs)
            {
                return _count > 1 && (_largestRatio < Hopeless || MeanRatio < HopelessInTheMean) ? ComparisonResult.Worse : ComparisonResult.Open;
            }

            var mean = _sum / _count;
            var variance = Math.Max(0, (_sumOfSquares - _count * mean * mean) / (_count - 1));
            var margin = Certainty * Math.Sqrt(variance / _count);
            return mean - margin > 0 ? ComparisonResult.Better
                : mean + margin < 0 ? ComparisonResult.Worse
                : _count < MostPairs ? ComparisonResult.Open
                : ComparisonResult.Alike;
        }
    }

    /// <summary>Forgets all pairs.</summary>
    public void Clear() => (_count, _sum, _sumOfSquares, _largestRatio) = (0, 0, 0, 0);
}

/// <summary>How a challenger did.</summary>
internal enum ComparisonResult : byte
{
    /// <summary>Not known yet.</summary>
    Open = 0,

    Better,
    Worse,

    /// <summary>No difference was found in as many pairs as are worth it.</summary>
    Alike,
}
