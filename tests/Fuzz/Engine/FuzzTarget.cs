namespace Bedplate.Tests.Fuzz.Engine;

/// <summary>
/// A parser with a second opinion on what it reads. The input alone decides everything, also how it is cut into
/// segments, so that a file with the input repeats the case.
/// </summary>
internal abstract class FuzzTarget : IDisposable
{
    /// <summary>Names its files and its runs.</summary>
    public abstract string Name { get; }

    /// <summary>Inputs to begin with.</summary>
    public abstract IReadOnlyList<byte[]> Seeds { get; }

    /// <summary>Pieces that mean something to the parser, for <see cref="Mutator"/>.</summary>
    public abstract IReadOnlyList<byte[]> Tokens { get; }

    /// <summary>A new input, right or nearly right.</summary>
    public abstract byte[] Create(Random random);

    /// <summary>Changes an input, knowing how it is built.</summary>
    public virtual byte[] Mutate(Random random, byte[] input, byte[] other) => Mutator.Mutate(random, input, other, Tokens);

    /// <summary>Has the input parsed and the answer judged. Whatever the parser throws is a fault of it.</summary>
    public abstract FuzzVerdict Check(byte[] input);

    /// <inheritdoc/>
    public virtual void Dispose()
    {
    }

    /// <summary>How an input arrives: the same way whenever it does.</summary>
    protected static Random DeliveryOf(byte[] input, int attempt)
    {
        var hash = unchecked((int)2166136261);
        foreach (var value in input)
        {
            hash = unchecked((hash ^ value) * 16777619);
        }

        return new Random(unchecked(hash + (attempt * 7919)));
    }
}
