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

    /// <summary>Waits until a value has stood still for so long, and returns it.</summary>
    /// <param name="read">What is looked at.</param>
    /// <param name="quiet">How long is long enough: many times what every step that may change it takes.</param>
    /// <param name="name">What the value is, for the message.</param>
    public static async Task<T> SteadyAsync<T>(Func<T> read, TimeSpan quiet, string name)
        where T : IEquatable<T>
    {
        var value = read();
        var since = Stopwatch.GetTimestamp();
        await HoldsAsync(
            () =>
            {
                var now = read();
                if (!now.Equals(value))
                {
                    value = now;
                    since = Stopwatch.GetTimestamp();
                }

                return Stopwatch.GetElapsedTime(since) >= quiet;
            },
            () => $"{name} stands still; it is {value}");
        return value;
    }
}
