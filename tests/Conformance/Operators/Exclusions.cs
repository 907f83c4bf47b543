namespace Bedplate.Tests.Conformance.Operators;

/// <summary>
/// The excluded cases, from exclusions.tsv: case, reason and the independent runner's error, which
/// independent-runner/run.mjs writes.
/// </summary>
internal static class Exclusions
{
    private static readonly Lazy<IReadOnlyDictionary<string, Exclusion>> Read = new(ReadFile);

    /// <summary>By case.</summary>
    public static IReadOnlyDictionary<string, Exclusion> All => Read.Value;

    private static Dictionary<string, Exclusion> ReadFile() =>
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "exclusions.tsv"))
            .Where(line => !line.StartsWith('#'))
            .Select(Parse)
            .ToDictionary(exclusion => exclusion.Case, StringComparer.Ordinal);

    private static Exclusion Parse(string line)
    {
        var fields = line.Split('\t');
        return fields.Length == 3 && Enum.TryParse<ExclusionReason>(fields[1], out var reason) && fields[2].Length > 0
            ? new Exclusion(fields[0], reason, fields[2])
            : throw new FormatException($"exclusions.tsv: '{line}' is not a case, a reason and the independent runner's error, with tabs between them.");
    }
}
