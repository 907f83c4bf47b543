using System.Diagnostics;

namespace Bedplate.Tensors;

/// <summary>
/// A run of bytes that tensors are laid in, and its owner. A buffer starts with one reference, held by whoever
/// obtained it; handing it over hands that reference over, and only success hands over: a callee that refuses leaves
/// the buffer with its caller. The results of one batch are slices of one buffer, so each slice holds a reference of
/// its own. At the last <see cref="Release"/> the memory goes back where it came from.
/// </summary>
public abstract unsafe class TensorBuffer
{
    private int _references;

    /// <summary>Address of the first byte. Host memory is 64-byte aligned when it comes from our pool.</summary>
    public byte* Pointer { get; private set; }

    /// <summary>Usable bytes from <see cref="Pointer"/>.</summary>
    public long ByteLength { get; private set; }

    /// <summary>Where the bytes live.</summary>
    public virtual MemoryKind Kind => MemoryKind.Host;

    /// <summary>The device of <see cref="MemoryKind.Device"/> memory; 0 otherwise.</summary>
    public virtual int DeviceId => 0;

    /// <summary>References held; for diagnostics only, as it may change at once.</summary>
    public int References => Volatile.Read(ref _references);

    /// <summary>The bytes as a span.</summary>
    /// <exception cref="OverflowException">The buffer is larger than a span can be (2 GiB); use <see cref="Pointer"/>.</exception>
    public Span<byte> Span => new(Pointer, checked((int)ByteLength));

    /// <summary>Adds a reference for a further holder.</summary>
    public void Retain()
    {
        var references = Interlocked.Increment(ref _references);
        Debug.Assert(references > 1, "A buffer was retained after its last release.");
    }

    /// <summary>Gives one reference back.</summary>
    public void Release()
    {
        var references = Interlocked.Decrement(ref _references);
        if (references == 0)
        {
            Free();
        }
        else if (references < 0)
        {
            OnOverRelease();
        }
    }

    /// <summary>Called by the derived class when the memory is (again) in use: sets the one initial reference.</summary>
    protected void Activate(byte* pointer, long byteLength)
    {
        Pointer = pointer;
        ByteLength = byteLength;
        Volatile.Write(ref _references, 1);
    }

    /// <summary>Gives the memory back. Called once per <see cref="Activate"/>.</summary>
    protected abstract void Free();

    /// <summary>A release too many is a bug in the engine: two owners believed the buffer theirs.</summary>
    protected virtual void OnOverRelease() =>
        throw new InvalidOperationException("A tensor buffer was released more often than it was retained.");
}
