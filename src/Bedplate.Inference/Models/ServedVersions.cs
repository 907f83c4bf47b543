using System.Collections.Immutable;

namespace Bedplate.Inference.Models;

/// <summary>The versions of one model that take requests, as an immutable snapshot: what a request sees of a model.</summary>
internal sealed class ServedVersions(ImmutableArray<ServedModel> descending)
{
    public static ServedVersions None { get; } = new([]);

    /// <summary>Largest number first.</summary>
    public ImmutableArray<ServedModel> All { get; } = descending;

    /// <summary>The version of a request that names none.</summary>
    public ServedModel? Latest => All.IsEmpty ? null : All[0];

    public ServedModel? Find(long version)
    {
        foreach (var model in All)
        {
            if (model.Version == version)
            {
                return model;
            }
        }

        return null;
    }

    public ServedVersions With(ServedModel model) =>
        new([.. All.Where(other => other.Version != model.Version).Append(model).OrderByDescending(each => each.Version)]);

    public ServedVersions Without(ServedModel model) => new([.. All.Where(other => !ReferenceEquals(other, model))]);
}
