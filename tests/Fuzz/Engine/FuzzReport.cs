using System.Text;

namespace Bedplate.Tests.Fuzz.Engine;

/// <summary>What a run has found.</summary>
/// <param name="Target">The target's name.</param>
/// <param name="Seed">The run's seed.</param>
/// <param name="Cases">Inputs tried.</param>
/// <param name="Accepted">Inputs that the parser took.</param>
/// <param name="Behaviours">Ways in which it answered.</param>
/// <param name="Elapsed">How long it took, the making small left out.</param>
/// <param name="Fault">What went wrong; null when nothing did.</param>
/// <param name="Input">The small input that shows it.</param>
/// <param name="File">Where that lies.</param>
internal sealed record FuzzReport(
    string Target, int Seed, long Cases, long Accepted, int Behaviours, TimeSpan Elapsed, string? Fault, byte[]? Input, string? File)
{
    /// <inheritdoc/>
    public override string ToString()
    {
        var text = $"{Target}, seed {Seed}: {Cases} cases in {Elapsed.TotalSeconds:F1} s, {Accepted} accepted, answered in {Behaviours} ways";
        return Fault is null
            ? text
            : $"{text}\n{Fault}\ninput ({Input!.Length} bytes): {Escape(Input)}\n"
                + $"again: BEDPLATE_FUZZ_INPUT={File} (this case), or BEDPLATE_FUZZ_SEED={Seed} (the run)";
    }

    private static string Escape(byte[] input)
    {
        var text = new StringBuilder();
        foreach (var value in input.AsSpan(0, Math.Min(input.Length, 2000)))
        {
            text.Append(value is >= 0x20 and < 0x7f ? $"{(char)value}" : $"\\x{value:x2}");
        }

        return text.ToString();
    }
}
