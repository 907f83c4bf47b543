namespace Bedplate.Tensors;

/// <summary>
/// One tensor's type and shape, and the slice of a buffer that holds its elements: row-major, little-endian, unpadded
/// (<see cref="BytesLayout"/> for strings), exactly as the protocol's binary representation has them. The struct does
/// not own the buffer by itself; whoever holds the tensor holds one reference on it.
/// </summary>
public unsafe struct Tensor
{
    /// <summary>A tensor over the first <paramref name="byteLength"/> bytes of <paramref name="buffer"/>, or a slice from <paramref name="byteOffset"/>.</summary>
    public Tensor(DataType type, in TensorShape shape, TensorBuffer buffer, long byteLength, long byteOffset = 0)
    {
        Type = type;
        Shape = shape;
        Buffer = buffer;
        ByteOffset = byteOffset;
        ByteLength = byteLength;
    }

    /// <summary>Element type; <see cref="DataType.Invalid"/> when there is no tensor here.</summary>
    public DataType Type { get; private set; }

    /// <summary>Dimensions, all known.</summary>
    public TensorShape Shape { get; private set; }

    /// <summary>The buffer; null when there is no tensor here.</summary>
    public TensorBuffer? Buffer { get; private set; }

    /// <summary>First byte of this tensor in the buffer.</summary>
    public long ByteOffset { get; private set; }

    /// <summary>Bytes of this tensor.</summary>
    public long ByteLength { get; private set; }

    /// <summary>Whether there is a tensor here.</summary>
    public readonly bool IsPresent => Buffer is not null;

    /// <summary>Address of the first element.</summary>
    public readonly byte* Pointer => Buffer is null ? null : Buffer.Pointer + ByteOffset;

    /// <summary>The elements' bytes.</summary>
    /// <exception cref="OverflowException">Larger than a span can be (2 GiB); use <see cref="Pointer"/>.</exception>
    public readonly ReadOnlySpan<byte> Bytes => new(Pointer, checked((int)ByteLength));

    /// <summary>Gives this holder's reference back and leaves the tensor absent.</summary>
    public void Release()
    {
        var buffer = Buffer;
        this = default;
        buffer?.Release();
    }
}
