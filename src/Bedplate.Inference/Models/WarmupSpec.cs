using Bedplate.Tensors;

namespace Bedplate.Inference.Models;

/// <summary>A request that is run before a version becomes ready (Triton's ModelWarmup).</summary>
public sealed record WarmupSpec
{
    /// <summary>Names it in messages.</summary>
    public required string Name { get; init; }

    /// <summary>Rows in the batch; 0 for a model without a batch dimension.</summary>
    public int BatchSize { get; init; }

    /// <summary>How often it is run; at least once.</summary>
    public int Count { get; init; } = 1;

    /// <summary>Data for each input of the model.</summary>
    public required IReadOnlyDictionary<string, WarmupInput> Inputs { get; init; }
}

/// <summary>What a warm-up input is filled with.</summary>
public enum WarmupData : byte
{
    /// <summary>Zeros; empty strings.</summary>
    Zero = 0,

    /// <summary>Uniformly random values in the type's range ([0, 1) for floating point); random short strings.</summary>
    Random,

    /// <summary>The content of a file, in the tensor's binary layout.</summary>
    File,
}

/// <summary>One input of a warm-up request.</summary>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Shape without the batch dimension, all dimensions known.</param>
/// <param name="Data">What it is filled with.</param>
/// <param name="Path">The file of <see cref="WarmupData.File"/>.</param>
public sealed record WarmupInput(DataType Type, TensorShape Shape, WarmupData Data, string? Path = null);
