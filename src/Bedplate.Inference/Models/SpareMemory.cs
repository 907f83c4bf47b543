using Bedplate.Inference.Backends;

namespace Bedplate.Inference.Models;

/// <summary>
/// Decides when the memory that a model's runtime keeps for runs to come goes back to the operating system. A model
/// that has not run since the last look gives it back at once. One that runs is asked now and then too, as a service
/// may never be quiet after a burst; and ever more rarely while its runs take the memory again, as each time costs them
/// what the system needs to clear it. One look at a time.
/// </summary>
internal sealed class SpareMemory
{
    /// <summary>Less than this is not worth the trouble: some milliseconds of a run that needs it again.</summary>
    public const long LeastBytes = 16 << 20;

    // Between two times a model that runs is asked. The shortest makes what is lost a thousandth of the time.
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    private readonly TimeProvider _time;
    private TimeSpan _wait = ShortestWait;
    private long _askedAt;
    private long _executions;
    private long _givenBack;
    private long _left;

    public SpareMemory(TimeProvider time)
    {
        _time = time;
        _askedAt = time.GetTimestamp();
    }

    /// <summary>Looks, and gives back what is not needed.</summary>
    /// <param name="model">The model, which is not unloaded meanwhile.</param>
    /// <param name="executions">How often it has run.</param>
    public void Look(ILoadedModel model, long executions)
    {
        var isQuiet = executions == _executions;
        _executions = executions;
        var spare = model.SpareBytes;
        if (spare < LeastBytes || (isQuiet ? spare == _left : _time.GetElapsedTime(_askedAt) < _wait))
        {
            return;
        }

        model.GiveBackSpare();
        _wait = _givenBack > 0 && spare - _left >= _givenBack / 2 ? Min(2 * _wait, LongestWait) : ShortestWait;
        _askedAt = _time.GetTimestamp();
        _left = model.SpareBytes;
        _givenBack = spare - _left;
    }

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;
}
