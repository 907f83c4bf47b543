using System.Globalization;
using Bedplate.Inference.Scheduling;

namespace Bedplate.Tests.Unit.Inference.Scheduling;

public class ThreadPrioritiesTests
{
    [Fact]
    public void A_computing_thread_is_nicer_and_lets_others_in_before_its_turn_is_over()
    {
        RequireSchedulerFile();
        Assert.SkipUnless(Environment.OSVersion.Version >= new Version(6, 12), "Linux before 6.12 has turns of one length.");
        var untouched = ReadOnThread(() => { });
        var computing = ReadOnThread(() => ThreadPriorities.LowerCurrent(ThreadPriorities.ComputeNiceness));
        var loading = ReadOnThread(() => ThreadPriorities.LowerCurrent(ThreadPriorities.LoadNiceness));
        Assert.Equal(ThreadPriorities.ComputeNiceness, computing["prio"] - untouched["prio"]);
        Assert.Equal(ThreadPriorities.LoadNiceness, loading["prio"] - untouched["prio"]);
        Assert.Equal(3_000_000, computing["se.slice"]);
        Assert.Equal(3_000_000, loading["se.slice"]);
    }

    [Fact]
    public void A_thread_that_was_nicer_stays_so()
    {
        RequireSchedulerFile();
        var loading = ReadOnThread(() => ThreadPriorities.LowerCurrent(ThreadPriorities.LoadNiceness));
        var both = ReadOnThread(() =>
        {
            ThreadPriorities.LowerCurrent(ThreadPriorities.LoadNiceness);
            ThreadPriorities.LowerCurrent(ThreadPriorities.ComputeNiceness);
        });
        Assert.Equal(loading["prio"], both["prio"]);
    }

    private static void RequireSchedulerFile() => Assert.SkipUnless(
        File.Exists("/proc/thread-self/sched"), "Only Linux tells what its scheduler has been asked for, and not every one.");

    // On a thread of its own, as no thread of the pool may be left slower than it was.
    private static Dictionary<string, double> ReadOnThread(Action first)
    {
        var read = new Dictionary<string, double>();
        var thread = new Thread(() =>
        {
            first();
            foreach (var line in File.ReadLines("/proc/thread-self/sched"))
            {
                var parts = line.Split(':', StringSplitOptions.TrimEntries);
                if (parts.Length == 2 && double.TryParse(parts[1], CultureInfo.InvariantCulture, out var value))
                {
                    read[parts[0]] = value;
                }
            }
        });
        thread.Start();
        thread.Join();
        return read;
    }
}
