using System.Diagnostics;
using System.Globalization;

namespace Bedplate.Tests.Unit.Protocols.Grpc;

/// <summary>
/// How long a fuzz target runs and from which seed: two seconds from a fixed one, or what BEDPLATE_FUZZ_SECONDS and
/// BEDPLATE_FUZZ_SEED say. Each case has a seed of its own, by which a failure is replayed.
/// </summary>
internal static class FuzzBudget
{
    /// <summary>Runs cases until the time is up; a failure names its seed.</summary>
    public static void Run(Action<Random> fuzzCase)
    {
        var seconds = Read("BEDPLATE_FUZZ_SECONDS", 2);
        var seed = Read("BEDPLATE_FUZZ_SEED", 20261124);
        var clock = Stopwatch.StartNew();
        var cases = 0;
        do
        {
            try
            {
                fuzzCase(new Random(seed + cases));
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"The case of seed {seed + cases} failed: {exception.Message}", exception);
            }

            cases++;
        }
        while (clock.Elapsed.TotalSeconds < seconds);

        Assert.True(cases > 100, $"Only {cases} cases ran in {seconds} s; a fuzz target that slow finds nothing.");
    }

    private static int Read(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
