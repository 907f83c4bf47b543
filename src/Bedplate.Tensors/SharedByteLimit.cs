namespace Bedplate.Tensors;

/// <summary>
/// A bound on bytes that many share and of which the last eighth is kept for those who take little: a hundred large
/// answers that nobody reads, or large bodies that never end, must not refuse the small requests beside them.
/// </summary>
/// <param name="Bytes">Most bytes in all.</param>
public readonly record struct SharedByteLimit(long Bytes)
{
    private const int ReservedShare = 8;

    // 512 KiB of 512 MiB: even a few hundred of these do not fill the reserve.
    private const int SmallShare = 1024;

    /// <summary>Most bytes that may be taken in all once someone has taken this many.</summary>
    public long For(long bytes) => bytes <= Bytes / SmallShare ? Bytes : Bytes - Bytes / ReservedShare;
}
