namespace Bedplate.Inference.Scheduling;

/// <summary>
/// How much longer than the queue's mean pace says a wait is reckoned, when a request's deadline is held against it.
/// Learned from what became of those admitted: how far runs scatter, and how often the machine is taken away, no mean
/// tells. Guarded by the scheduler's lock.
/// </summary>
/// <remarks>
/// Refusing too many costs little while some wait, as the machine has work; admitting too many makes them wait for an
/// answer that comes too late. So a late one raises the factor by as much as <see cref="InTimePerLate"/> in time lower
/// it, which is where the two balance.
/// </remarks>
internal sealed class WaitMargin
{
    private const double Least = 1.1;
    private const double Most = 4;
    private const double Raise = 0.1;
    private const int InTimePerLate = 500;

    /// <summary>What an expected wait is multiplied by.</summary>
    public double Factor { get; private set; } = 1.25;

    /// <summary>
    /// Some of those admitted came too late; however many at once, as what delays one delays all that wait with it.
    /// </summary>
    public void OnLate() => Factor = Math.Min(Most, Factor * (1 + Raise));

    /// <summary>One with a deadline was answered within it.</summary>
    public void OnInTime() => Factor = Math.Max(Least, Factor * (1 - Raise / InTimePerLate));
}
