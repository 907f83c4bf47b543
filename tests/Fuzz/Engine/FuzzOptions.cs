using System.Globalization;

namespace Bedplate.Tests.Fuzz.Engine;

/// <summary>How long a target runs, and from which seed.</summary>
internal sealed record FuzzOptions
{
    /// <summary>BEDPLATE_FUZZ_SECONDS; a minute unless it is said otherwise.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>BEDPLATE_FUZZ_SEED. A fixed one unless it is said otherwise, so that a red run is red again.</summary>
    public int Seed { get; init; } = 20261122;

    /// <summary>
    /// BEDPLATE_FUZZ_INPUT, a file that a failed run has left: the target of that name checks it first. Null for none.
    /// </summary>
    public string? InputFile { get; init; }

    /// <summary>Most cases; for tests of the fuzzer itself.</summary>
    public long MaxCases { get; init; } = long.MaxValue;

    /// <summary>The longest time that one case may take. Far more than any needs on a busy machine.</summary>
    public TimeSpan CaseTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What the environment says.</summary>
    public static FuzzOptions FromEnvironment()
    {
        var options = new FuzzOptions();
        if (Environment.GetEnvironmentVariable("BEDPLATE_FUZZ_SECONDS") is { } seconds)
        {
            options = options with { Time = TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture)) };
        }

        if (Environment.GetEnvironmentVariable("BEDPLATE_FUZZ_SEED") is { } seed)
        {
            options = options with { Seed = int.Parse(seed, CultureInfo.InvariantCulture) };
        }

        return options with { InputFile = Environment.GetEnvironmentVariable("BEDPLATE_FUZZ_INPUT") };
    }
}
