namespace Bedplate.Inference.Models;

/// <summary>Which of a model's versions are served: the latest n, all, or named ones (Triton's version_policy).</summary>
public sealed record VersionPolicy
{
    private readonly int _latest;
    private readonly IReadOnlyList<long>? _specific;

    private VersionPolicy(int latest, IReadOnlyList<long>? specific)
    {
        _latest = latest;
        _specific = specific;
    }

    /// <summary>The one with the largest number: the default.</summary>
    public static VersionPolicy LatestOnly { get; } = new(1, null);

    /// <summary>Every version there is.</summary>
    public static VersionPolicy All { get; } = new(int.MaxValue, null);

    /// <summary>The <paramref name="count"/> versions with the largest numbers.</summary>
    public static VersionPolicy Latest(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return new VersionPolicy(count, null);
    }

    /// <summary>Exactly these; one that is not there is reported by <see cref="Missing"/>.</summary>
    public static VersionPolicy Specific(params IReadOnlyList<long> versions) => new(0, [.. versions.Distinct()]);

    /// <summary>The versions to serve out of those available, largest first.</summary>
    public IReadOnlyList<long> Select(IEnumerable<long> available)
    {
        var descending = available.Distinct().OrderDescending();
        return _specific is null
            ? [.. descending.Take(_latest)]
            : [.. descending.Where(_specific.Contains)];
    }

    /// <summary>Versions that were asked for by number and are not available.</summary>
    public IReadOnlyList<long> Missing(IEnumerable<long> available) =>
        _specific is null ? [] : [.. _specific.Except(available)];
}
