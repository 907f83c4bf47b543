using System.Text;
using Bedplate.Tensors;

namespace Bedplate.Inference.Models;

/// <summary>What a model says of one of its inputs or outputs.</summary>
public sealed class TensorSpec
{
    private readonly byte[] _utf8Name;

    /// <summary>Describes a tensor.</summary>
    public TensorSpec(string name, DataType type, in TensorShape shape, bool isOptional = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
        Type = type;
        Shape = shape;
        IsOptional = isOptional;
        _utf8Name = Encoding.UTF8.GetBytes(name);
    }

    /// <summary>The name requests use.</summary>
    public string Name { get; }

    /// <summary>The name as it stands on the wire.</summary>
    public ReadOnlySpan<byte> Utf8Name => _utf8Name;

    /// <summary>Element type.</summary>
    public DataType Type { get; }

    /// <summary>Dimensions with −1 where they vary; the batch dimension, if the model has one, included.</summary>
    public TensorShape Shape { get; }

    /// <summary>Whether a request may leave this input out.</summary>
    public bool IsOptional { get; }

    /// <summary>Whether the model says how many dimensions there are. Where it does not, <see cref="Shape"/> is [-1] and means nothing.</summary>
    public bool HasKnownRank { get; private init; } = true;

    /// <summary>Describes a tensor whose number of dimensions the model leaves open.</summary>
    public static TensorSpec OfUnknownRank(string name, DataType type, bool isOptional = false) =>
        new(name, type, new TensorShape(-1), isOptional) { HasKnownRank = false };

    /// <summary>Whether data of <paramref name="shape"/> fits: same rank, and equal wherever the dimension is fixed.</summary>
    public bool Accepts(in TensorShape shape)
    {
        if (!HasKnownRank)
        {
            return true;
        }

        var mine = Shape.Span;
        var theirs = shape.Span;
        if (mine.Length != theirs.Length)
        {
            return false;
        }

        for (var i = 0; i < mine.Length; i++)
        {
            if (mine[i] != theirs[i] && mine[i] >= 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}:{Type.WireName()}{(HasKnownRank ? Shape.ToString() : "[*]")}";
}
