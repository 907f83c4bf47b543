namespace Bedplate.Inference.Models;

/// <summary>
/// The desired serving of one model, compiled from whatever said it (a Triton configuration, a deployment, code that
/// embeds the engine). The engine knows no configuration format.
/// </summary>
public sealed record ModelSpec
{
    /// <summary>The name requests use.</summary>
    public required string Name { get; init; }

    /// <summary>The <see cref="Backends.IBackend.Name"/> that runs it.</summary>
    public required string Backend { get; init; }

    /// <summary>The versions there are to choose from.</summary>
    public required IReadOnlyList<VersionSource> Versions { get; init; }

    /// <summary>Which of the versions are served.</summary>
    public VersionPolicy VersionPolicy { get; init; } = VersionPolicy.LatestOnly;

    /// <summary>
    /// Most rows in one execution where dimension 0 of every input and output is a batch dimension; 0 where the model
    /// has no declared batch dimension.
    /// </summary>
    public int MaxBatchSize { get; init; }

    /// <summary>How requests are put together.</summary>
    public BatchingSpec Batching { get; init; } = BatchingSpec.Learned;

    /// <summary>
    /// Concurrency slots; 0 for as many as the compute budget has permits, which is what keeps the machine busy and
    /// no more.
    /// </summary>
    public int InstanceCount { get; init; }

    /// <summary>
    /// Inputs and outputs declared by configuration; null to take the model's own. A side without a tensor is not
    /// declared and is the model's own too.
    /// </summary>
    public ModelSignature? DeclaredSignature { get; init; }

    /// <summary>Requests to run before the version is ready.</summary>
    public IReadOnlyList<WarmupSpec> Warmups { get; init; } = [];

    /// <summary>Whether, with no <see cref="Warmups"/>, the engine derives some from the signature.</summary>
    public bool DeriveWarmup { get; init; } = true;

    /// <summary>End-to-end deadline of requests that bring none; zero for none.</summary>
    public TimeSpan DefaultDeadline { get; init; }

    /// <summary>Share of the compute budget relative to other models when all are saturated.</summary>
    public double ShareWeight { get; init; } = 1.0;

    /// <summary>
    /// Changes when anything here but the versions does; equal stamps mean that an unchanged version need not be
    /// loaded again.
    /// </summary>
    public string ConfigurationStamp { get; init; } = "";

    /// <summary>Names of classes, by the output whose elements they name; for protocols that answer with classes.</summary>
    public IReadOnlyDictionary<string, ClassLabels> ClassLabels { get; init; } = new Dictionary<string, ClassLabels>();

    /// <summary>Parameters for the backend, by name.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();
}

/// <summary>One version's content.</summary>
/// <param name="Number">Its number; larger is later.</param>
/// <param name="Path">The model file or directory, as <see cref="ModelSource.Path"/>.</param>
/// <param name="ContentStamp">Changes when the content does; equal stamps mean that a reload may be left out.</param>
public sealed record VersionSource(long Number, string Path, string ContentStamp = "");
