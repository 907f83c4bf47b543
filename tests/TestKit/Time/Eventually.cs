using System.Diagnostics;

namespace Bedplate.Tests.TestKit.Time;

/// <summary>
/// Waits for what comes about in another process or thread: looks again and again until it has, and fails when it has
/// not within the patience.
/// </summary>
public static class Eventually
{
    /// <summary>How long a test waits where it says nothing else: far beyond what a slow, shared machine takes.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits until the condition holds.</summary>
    /// <param name="condition">What is looked at.</param>
    /// <param name="expectation">What was to come about, for the message; asked only when it did not.</param>
    /// <param name="patience">How long to wait; null for <see cref="Patience"/>.</param>
    public static async Task HoldsAsync(Func<Task<bool>> condition, Func<string> expectation, TimeSpan? patience = null)
    {
        var start = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(start) > (patience ?? Patience))
            {
                throw new TimeoutException($"After {Stopwatch.GetElapsedTime(start).TotalSeconds:0} s still not: {expectation()}");
            }

            await Task.Delay(Interval);
        }
    }

    /// <summary>Waits until the condition holds.</summary>
    public static Task HoldsAsync(Func<bool> condition, Func<string> expectation, TimeSpan? patience = null) =>
        HoldsAsync(() => Task.FromResult(condition()), expectation, patience);
}
