namespace Bedplate.Inference.Models;

/// <summary>Where a model version's content lies and how its backend is asked to hold it.</summary>
public sealed record ModelSource
{
    /// <summary>The model's name; for messages.</summary>
    public required string Name { get; init; }

    /// <summary>The version's number.</summary>
    public required long Version { get; init; }

    /// <summary>
    /// The model file, or the directory a backend finds its files in. Empty for backends without files (identity).
    /// External data is resolved relative to the file's directory.
    /// </summary>
    public required string Path { get; init; }

    /// <summary>Slots that will be created; a backend without concurrent runs prepares for as many copies.</summary>
    public int InstanceCount { get; init; } = 1;

    /// <summary>
    /// Inputs and outputs declared by configuration; null to take the model's own. A side without a tensor is not
    /// declared and is the model's own too.
    /// </summary>
    public ModelSignature? DeclaredSignature { get; init; }

    /// <summary>
    /// The model's parameters, as a Triton configuration's <c>parameters</c> have them. A backend refuses those it
    /// does not know, by name.
    /// </summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();
}
