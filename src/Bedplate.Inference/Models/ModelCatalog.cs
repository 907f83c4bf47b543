using System.Collections.Concurrent;
using System.Globalization;
using Bedplate.Inference.Statistics;

namespace Bedplate.Inference.Models;

/// <summary>
/// All models of an engine: which versions take requests, and the state of every version that was ever asked for.
/// Requests read immutable snapshots; only <see cref="ModelLifecycle"/> writes.
/// </summary>
public sealed class ModelCatalog
{
    private readonly ConcurrentDictionary<string, ServedVersions> _served = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ServedVersions>.AlternateLookup<ReadOnlySpan<char>> _servedBySpan;
    private readonly ConcurrentDictionary<(string Name, long Version), ModelStatus> _statuses = new();
    private readonly ConcurrentDictionary<(string Name, long Version), ModelStatistics> _statistics = new();
    private readonly TimeProvider _time;

    internal ModelCatalog(TimeProvider time)
    {
        _time = time;
        _servedBySpan = _served.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Every version that takes requests, by name and then number.</summary>
    public IEnumerable<ServedModel> Served =>
        _served.OrderBy(pair => pair.Key, StringComparer.Ordinal).SelectMany(pair => pair.Value.All.Reverse());

    /// <summary>The state of every known version, by name and then number.</summary>
    public IEnumerable<ModelStatus> Statuses =>
        _statuses.Values.OrderBy(status => status.Name, StringComparer.Ordinal).ThenBy(status => status.Version);

    /// <summary>
    /// Finds the version for a request. An empty <paramref name="version"/> means the latest that is ready.
    /// </summary>
    public ModelLookup Find(ReadOnlySpan<char> name, ReadOnlySpan<char> version, out ServedModel? model)
    {
        model = null;
        if (!_servedBySpan.TryGetValue(name, out var served))
        {
            return ModelLookup.UnknownModel;
        }

        if (version.IsEmpty)
        {
            model = served.Latest;
            return model is null ? ModelLookup.NotReady : ModelLookup.Found;
        }

        if (!long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return ModelLookup.UnknownVersion;
        }

        model = served.Find(number);
        if (model is not null)
        {
            return ModelLookup.Found;
        }

        return _statuses.ContainsKey((name.ToString(), number)) ? ModelLookup.NotReady : ModelLookup.UnknownVersion;
    }

    /// <summary>The versions of a model that take requests, smallest number first; empty when there is none.</summary>
    public IReadOnlyList<ServedModel> VersionsOf(string name) =>
        _served.TryGetValue(name, out var served) ? [.. served.All.Reverse()] : [];

    /// <summary>The states of a model's versions; empty when the name is unknown.</summary>
    public IReadOnlyList<ModelStatus> StatusesOf(string name) => [.. Statuses.Where(status => status.Name == name)];

    internal ModelStatistics StatisticsOf(string name, long version) =>
        _statistics.GetOrAdd((name, version), static (_, time) => new ModelStatistics(time), _time);

    internal void SetStatus(ModelStatus status) => _statuses[(status.Name, status.Version)] = status;

    /// <summary>What was wrong with the model as a whole, under version 0, is so no longer.</summary>
    internal void ClearModelStatus(string name) => _statuses.TryRemove((name, 0), out _);

    /// <summary>A model is known from the first time it is asked for, whether or not it can be served.</summary>
    internal void Know(string name) => _served.TryAdd(name, ServedVersions.None);

    /// <summary>From here on, requests for the version go to this one. Returns the one they went to before.</summary>
    internal ServedModel? Publish(ServedModel model)
    {
        while (true)
        {
            var before = _served.GetOrAdd(model.Name, ServedVersions.None);
            if (_served.TryUpdate(model.Name, before.With(model), before))
            {
                return before.Find(model.Version);
            }
        }
    }

    /// <summary>From here on, no request goes to this version.</summary>
    internal void Withdraw(ServedModel model)
    {
        while (_served.TryGetValue(model.Name, out var before))
        {
            if (_served.TryUpdate(model.Name, before.Without(model), before))
            {
                return;
            }
        }
    }
}
