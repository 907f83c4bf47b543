using System.Buffers;
using System.IO.Pipelines;

namespace Bedplate.Tests.Fuzz.Engine;

/// <summary>
/// A body that arrives in pieces of random length, each in segments cut at random. Says that it has ended sometimes
/// with the last piece and sometimes by a read of its own, as pipes do. Nothing waits, so that a case is repeated
/// exactly.
/// </summary>
internal sealed class PiecewiseReader(byte[] bytes, Random random) : PipeReader
{
    private readonly int _longestPiece = random.Next(4) switch
    {
        0 => 1,
        1 => 9,
        2 => 300,
        _ => 40_000,
    };

    private ReadOnlySequence<byte> _current;
    private int _consumed;
    private int _examined;
    private int _arrived;
    private bool _hasEnded;

    /// <summary>Bytes that were consumed.</summary>
    public int Consumed => _consumed;

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => new(Read());

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        result = Read();
        return true;
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        var start = _consumed;
        _consumed = start + (int)_current.Slice(0, consumed).Length;
        _examined = Math.Max(_examined, start + (int)_current.Slice(0, examined).Length);
        _current = default;
    }

    /// <inheritdoc/>
    public override void CancelPendingRead()
    {
    }

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
    }

    private ReadResult Read()
    {
        if (_examined == _arrived)
        {
            Arrive();
        }

        _current = Segments.Cut(bytes.AsMemory(_consumed, _arrived - _consumed), random);
        return new ReadResult(_current, isCanceled: false, _hasEnded);
    }

    private void Arrive()
    {
        if (_arrived == bytes.Length)
        {
            _hasEnded = true;
            return;
        }

        _arrived = Math.Min(bytes.Length, _arrived + 1 + random.Next(_longestPiece));
        _hasEnded = _arrived == bytes.Length && random.Next(2) == 0;
    }
}
