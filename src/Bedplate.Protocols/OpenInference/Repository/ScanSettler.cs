using System.Collections.Immutable;

namespace Bedplate.Protocols.OpenInference.Repository;

/// <summary>
/// Holds back what is still being changed: a model that is added, changed or removed is taken over only when it has
/// been found the same for the settle time; until then it stays as it was. What it says is therefore a function of the
/// scans and the times at which they were made, and of nothing else.
/// </summary>
public sealed class ScanSettler(RepositoryScan initial, TimeSpan settleTime)
{
    // What a model is seen as and since when. Null stands for "it is gone".
    private readonly Dictionary<string, (ScannedModel? Seen, TimeSpan Since)> _unsettled = new(StringComparer.Ordinal);

    /// <summary>What holds: each model as it was when it was last still.</summary>
    public RepositoryScan Settled { get; private set; } = initial;

    /// <summary>
    /// Takes note of a scan and returns whether <see cref="Settled"/> has changed by it.
    /// </summary>
    /// <param name="scan">What was found.</param>
    /// <param name="now">When, on a clock that only goes forward.</param>
    /// <param name="dueIn">After which time to look again, if nothing else happens; null when everything is still.</param>
    public bool Observe(RepositoryScan scan, TimeSpan now, out TimeSpan? dueIn)
    {
        var models = Settled.Models.ToBuilder();
        dueIn = null;
        foreach (var name in scan.Models.Keys.Union(Settled.Models.Keys, StringComparer.Ordinal))
        {
            var seen = scan.Models.GetValueOrDefault(name);
            if (IsSame(seen, Settled.Models.GetValueOrDefault(name)))
            {
                _unsettled.Remove(name);
            }
            else if (StillFor(name, seen, now) is var still && still < settleTime)
            {
                dueIn = dueIn is { } earlier && earlier < settleTime - still ? earlier : settleTime - still;
            }
            else
            {
                _unsettled.Remove(name);
                Take(models, name, seen);
            }
        }

        ForgetAllBut(scan);
        var settled = new RepositoryScan(models.ToImmutable(), scan.Notes);
        var isChanged = !RepositoryChanges.Between(Settled, settled).IsEmpty;
        Settled = settled;
        return isChanged;
    }

    private TimeSpan StillFor(string name, ScannedModel? seen, TimeSpan now)
    {
        if (!_unsettled.TryGetValue(name, out var earlier) || !IsSame(seen, earlier.Seen))
        {
            _unsettled[name] = earlier = (seen, now);
        }

        return now - earlier.Since;
    }

    // What came and went before it was taken is in neither scan.
    private void ForgetAllBut(RepositoryScan scan)
    {
        foreach (var name in _unsettled.Keys)
        {
            if (!scan.Models.ContainsKey(name) && !Settled.Models.ContainsKey(name))
            {
                _unsettled.Remove(name);
            }
        }
    }

    private static void Take(ImmutableSortedDictionary<string, ScannedModel>.Builder models, string name, ScannedModel? seen)
    {
        if (seen is null)
        {
            models.Remove(name);
        }
        else
        {
            models[name] = seen;
        }
    }

    private static bool IsSame(ScannedModel? left, ScannedModel? right) =>
        left is null || right is null ? left is null && right is null : left.IsSameAs(right);
}
