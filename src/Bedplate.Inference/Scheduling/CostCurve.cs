using System.Numerics;

namespace Bedplate.Inference.Scheduling;

/// <summary>
/// Seconds per run against rows per run, for rows of about one size. Rows are kept in buckets that end at powers of
/// two: 1, 2, 3–4, 5–8, …
/// </summary>
internal sealed class CostCurve(int maxRows)
{
    // A new sample's weight: the average follows a change within some ten runs and ignores one outlier.
    private const double SampleWeight = 0.1;

    private const int SamplesToClip = 10;
    private const double LargestFactor = 3;

    private readonly Cell[] _cells = new Cell[BucketOf(maxRows) + 1];

    /// <summary>Runs of one row recorded.</summary>
    public int SamplesOfOne => _cells[0].Samples;

    /// <summary>Records one run.</summary>
    public void Record(int rows, double seconds)
    {
        ref var cell = ref _cells[Math.Min(BucketOf(rows), _cells.Length - 1)];
        if (cell.Samples == 0)
        {
            cell.MeanSeconds = seconds;
            cell.MeanRows = rows;
            cell.Deviation = seconds / 2;
        }
        else
        {
            // While there are few samples each counts equally; later one that is far out (the thread was preempted)
            // counts as merely high, and only a series of them moves the average far.
            var weight = Math.Max(SampleWeight, 1.0 / (cell.Samples + 1));
            if (cell.Samples >= SamplesToClip)
            {
                seconds = Math.Min(seconds, cell.MeanSeconds * LargestFactor);
            }

            var error = seconds - cell.MeanSeconds;
            cell.MeanSeconds += weight * error;
            cell.MeanRows += weight * (rows - cell.MeanRows);
            cell.Deviation += weight * (Math.Abs(error) - cell.Deviation);
        }

        if (cell.Samples < int.MaxValue)
        {
            cell.Samples++;
        }
    }

    /// <summary>Expected seconds of a run; from the nearest measured bucket when this one has no sample; 0 when none has.</summary>
    public double ExpectedSeconds(int rows)
    {
        var bucket = Math.Min(BucketOf(rows), _cells.Length - 1);
        for (var distance = 0; distance < _cells.Length; distance++)
        {
            if (bucket - distance >= 0 && _cells[bucket - distance].Samples > 0)
            {
                return Scaled(bucket - distance, rows);
            }

            if (bucket + distance < _cells.Length && _cells[bucket + distance].Samples > 0)
            {
                return Scaled(bucket + distance, rows);
            }
        }

        return 0;
    }

    /// <summary>
    /// Seconds that nearly all runs of one row stay under: the mean plus three mean deviations. Infinity before the
    /// first sample.
    /// </summary>
    public double UpperSecondsOfOne =>
        _cells[0].Samples == 0 ? double.PositiveInfinity : _cells[0].MeanSeconds + 3 * _cells[0].Deviation;

    private static int BucketOf(int rows) => rows <= 1 ? 0 : BitOperations.Log2((uint)(rows - 1)) + 1;

    // Between measured sizes cost is taken as proportional to rows, which errs on the expensive side.
    private double Scaled(int bucket, int rows)
    {
        ref var cell = ref _cells[bucket];
        return cell.MeanSeconds * Math.Max(1, rows / Math.Max(1, cell.MeanRows));
    }

    private struct Cell
    {
        public double MeanSeconds;
        public double MeanRows;
        public double Deviation;
        public int Samples;
    }
}
