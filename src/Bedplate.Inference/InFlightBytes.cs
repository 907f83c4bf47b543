using Bedplate.Tensors;

namespace Bedplate.Inference;

/// <summary>Inputs that are in hand and answers that nobody has taken yet, over all models, and their one bound.</summary>
internal sealed class InFlightBytes(TensorMemoryPool inputs, long limitBytes)
{
    private readonly SharedByteLimit _limit = new(limitBytes);
    private long _answers;

    /// <summary>Bytes held now.</summary>
    public long Used => Volatile.Read(ref _answers) + inputs.BytesInUse;

    /// <summary>Whether a further request may be served that weighs this much, its inputs and its answer together.</summary>
    public bool HasRoomFor(long bytes) => Used <= _limit.For(bytes);

    /// <summary>Counts an answer. It exists already, so it counts whether it fits or not; what comes after it is refused.</summary>
    public void AddAnswer(long bytes) => Interlocked.Add(ref _answers, bytes);

    /// <summary>An answer has been taken, or is not wanted.</summary>
    public void RemoveAnswer(long bytes) => Interlocked.Add(ref _answers, -bytes);
}
