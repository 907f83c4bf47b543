namespace Bedplate.Inference;

/// <summary>A bound on bytes held at one time, with a counter that says how many are.</summary>
internal sealed class ByteBudget(long limitBytes)
{
    private long _used;

    public long Limit { get; } = limitBytes;

    public long Used => Volatile.Read(ref _used);

    /// <summary>Counts bytes if they fit.</summary>
    public bool TryAdd(long bytes)
    {
        if (Interlocked.Add(ref _used, bytes) <= Limit)
        {
            return true;
        }

        Interlocked.Add(ref _used, -bytes);
        return false;
    }

    /// <summary>Counts bytes that exist already, whether they fit or not; what comes after them is then refused.</summary>
    public void Add(long bytes) => Interlocked.Add(ref _used, bytes);

    public void Remove(long bytes) => Interlocked.Add(ref _used, -bytes);
}
