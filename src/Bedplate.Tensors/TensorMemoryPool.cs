namespace Bedplate.Tensors;

/// <summary>Where tensor memory is obtained. Production uses <see cref="AlignedMemoryPool"/>; tests wrap it to find leaks.</summary>
public abstract class TensorMemoryPool
{
    /// <summary>
    /// A buffer of at least <paramref name="byteLength"/> bytes (its <see cref="TensorBuffer.ByteLength"/> is exactly
    /// that) with one reference, held by the caller. The content is undefined. Null when the pool's limit would be
    /// passed: the caller sheds the request that needed it.
    /// </summary>
    public abstract TensorBuffer? TryRent(long byteLength);

    /// <summary>As <see cref="TryRent"/>, for callers with nothing to shed.</summary>
    /// <exception cref="InsufficientMemoryException">The pool's limit would be passed.</exception>
    public TensorBuffer Rent(long byteLength) =>
        TryRent(byteLength) ?? throw new InsufficientMemoryException(
            $"The tensor memory limit does not allow a further {ByteSize.Format(byteLength)}.");

    /// <summary>Bytes kept for reuse; 0 by default.</summary>
    public virtual long BytesCached => 0;

    /// <summary>Gives memory kept for reuse back to the operating system; called when a model leaves.</summary>
    public virtual void Trim()
    {
        // Nothing is kept by default.
    }

    /// <summary>Bytes rented and not yet returned.</summary>
    public abstract long BytesInUse { get; }
}
