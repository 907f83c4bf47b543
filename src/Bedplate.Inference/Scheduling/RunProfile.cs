using System.Numerics;

namespace Bedplate.Inference.Scheduling;

/// <summary>
/// What a model's runs have cost, by the size of a row and by the number of rows: the measured curve that inlining and
/// admission decide by.
/// </summary>
/// <remarks>
/// Writers and readers race on purpose: each cell is a pair of doubles updated without a lock, and a lost update
/// moves an average by a tenth of one sample.
/// </remarks>
internal sealed class RunProfile(TimeProvider time, int maxRows)
{
    // Rows of very different size (a dynamic image model) have curves of their own, one per power of two.
    private readonly CostCurve?[] _curves = new CostCurve?[48];
    private CostCurve? _last;

    /// <summary>Records a run of <paramref name="rows"/> rows that together had <paramref name="inputBytes"/> of input.</summary>
    public void Record(int rows, long inputBytes, long elapsedTicks)
    {
        var curve = GetCurve(inputBytes / Math.Max(1, rows));
        curve.Record(rows, (double)elapsedTicks / time.TimestampFrequency);
        _last = curve;
    }

    /// <summary>The curve for rows of this size; made when first asked for.</summary>
    public CostCurve GetCurve(long bytesPerRow)
    {
        var index = Math.Min(BitOperations.Log2((ulong)bytesPerRow | 1), _curves.Length - 1);
        return Volatile.Read(ref _curves[index])
            ?? Interlocked.CompareExchange(ref _curves[index], new CostCurve(maxRows), null)
            ?? _curves[index]!;
    }

    /// <summary>The curve of the latest run; null before the first.</summary>
    public CostCurve? Latest => Volatile.Read(ref _last);
}
