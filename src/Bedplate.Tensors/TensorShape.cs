using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Bedplate.Tensors;

/// <summary>
/// The dimensions of one tensor, held inline so that a request's shapes cost no allocation. Dimension 0 is the
/// outermost; elements are stored row-major. A value of −1 stands for "variable" where a shape describes a model
/// and never occurs in a tensor that carries data.
/// </summary>
public struct TensorShape : IEquatable<TensorShape>
{
    /// <summary>
    /// The largest rank carried. Eight is also where TensorRT and ONNX Runtime's CUDA kernels stop; a larger rank is
    /// refused where it is read, with the number.
    /// </summary>
    public const int MaxRank = 8;

    private Dimensions _dimensions;
    private int _rank;

    /// <summary>Copies the given dimensions.</summary>
    /// <exception cref="ArgumentException">More than <see cref="MaxRank"/> dimensions.</exception>
    public TensorShape(params ReadOnlySpan<long> dimensions)
    {
        if (dimensions.Length > MaxRank)
        {
            throw new ArgumentException($"A tensor has at most {MaxRank} dimensions, got {dimensions.Length}.", nameof(dimensions));
        }

        _rank = dimensions.Length;
        dimensions.CopyTo(_dimensions);
    }

    /// <summary>The number of dimensions; 0 for a scalar.</summary>
    public readonly int Rank => _rank;

    /// <summary>The dimensions, outermost first.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<long> Span => MemoryMarshal.CreateReadOnlySpan(in _dimensions[0], _rank);

    /// <summary>One dimension.</summary>
    public long this[int index]
    {
        readonly get => Span[index];
        set
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)_rank, nameof(index));
            _dimensions[index] = value;
        }
    }

    /// <summary>Appends a dimension; false when the shape already has <see cref="MaxRank"/> of them.</summary>
    public bool TryAdd(long dimension)
    {
        if (_rank == MaxRank)
        {
            return false;
        }

        _dimensions[_rank++] = dimension;
        return true;
    }

    /// <summary>
    /// The product of the dimensions (1 for a scalar). False when a dimension is negative or the product does not
    /// fit in 63 bits; a zero dimension makes the product zero only if the others fit.
    /// </summary>
    public readonly bool TryGetElementCount(out long count)
    {
        count = 1;
        var hasZero = false;
        foreach (var dimension in Span)
        {
            if (dimension < 0)
            {
                return false;
            }

            if (dimension == 0)
            {
                hasZero = true;
                continue;
            }

            var high = Math.BigMul(count, dimension, out count);
            if (high != 0 || count < 0)
            {
                return false;
            }
        }

        if (hasZero)
        {
            count = 0;
        }

        return true;
    }

    /// <summary>The product of the dimensions from <paramref name="start"/> up to, not including, <paramref name="end"/>.</summary>
    public readonly long ProductOf(int start, int end)
    {
        long product = 1;
        foreach (var dimension in Span[start..end])
        {
            product = checked(product * dimension);
        }

        return product;
    }

    /// <inheritdoc/>
    public readonly bool Equals(TensorShape other) => Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override readonly bool Equals([NotNullWhen(true)] object? obj) => obj is TensorShape other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var dimension in Span)
        {
            hash.Add(dimension);
        }

        return hash.ToHashCode();
    }

    /// <summary>As Triton prints shapes in its messages: "[1,3,224,224]".</summary>
    public override readonly string ToString()
    {
        var text = new StringBuilder("[");
        foreach (var dimension in Span)
        {
            if (text.Length > 1)
            {
                text.Append(',');
            }

            text.Append(dimension.ToString(CultureInfo.InvariantCulture));
        }

        return text.Append(']').ToString();
    }

    public static bool operator ==(TensorShape left, TensorShape right) => left.Equals(right);

    public static bool operator !=(TensorShape left, TensorShape right) => !left.Equals(right);

    [InlineArray(MaxRank)]
    private struct Dimensions
    {
        private long _element;
    }
}
