using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Bedplate.Tensors;

namespace Bedplate.Protocols.OpenInference.Rest.Infer;

/// <summary>What came of reading a part of a body.</summary>
internal enum BodyOutcome : byte
{
    /// <summary>The part is there.</summary>
    Complete = 0,

    /// <summary>The body ended before; <see cref="InferBody.MissingBytes"/> says how many bytes before.</summary>
    Short,

    /// <summary>The body is larger than allowed.</summary>
    TooLarge,

    /// <summary>The memory for requests in flight is at its bound.</summary>
    NoMemory,
}

/// <summary>
/// Reads a request's body in two steps: the JSON text, which must be contiguous, and the tensors' bytes behind it,
/// which go from the pipe to their place in one copy while they arrive.
/// </summary>
/// <remarks>
/// A text that arrived in one segment is read where it lies. Any other is gathered in pooled memory that grows as the
/// text arrives, so that a client which announces much and sends little holds little.
/// </remarks>
internal sealed class InferBody
{
    // Below this the announced length is rented at once; above it memory follows what has arrived.
    private const long TrustedLength = 1 << 20;
    private const long SmallestCopy = 16 << 10;

    // A longer text is no span. Checked against the limit, which is the smaller one unless it was raised.
    private const long LongestText = 0x7FFF_FFC0;

    private PipeReader? _reader;
    private TensorMemoryPool? _memory;
    private long? _knownLength;
    private long _limit;
    private long _taken;
    private ReadOnlySequence<byte> _held;
    private bool _isHeld;
    private TensorBuffer? _copy;
    private long _copied;

    /// <summary>Most bytes that are taken.</summary>
    public long Limit => _limit;

    /// <summary>Bytes that were expected and did not come.</summary>
    public long MissingBytes { get; private set; }

    /// <summary>The text that was read; until <see cref="ReleaseText"/>.</summary>
    public ReadOnlySpan<byte> Text => _isHeld ? _held.FirstSpan : _copy is null ? [] : _copy.Span[..(int)_copied];

    /// <summary>Begins with a body.</summary>
    /// <param name="reader">Where it is read; decompressed already.</param>
    /// <param name="knownLength">Its length where that was announced and is not over the limit.</param>
    /// <param name="limit">Most bytes of it.</param>
    /// <param name="memory">What gathered text is rented from.</param>
    public void Begin(PipeReader reader, long? knownLength, long limit, TensorMemoryPool memory)
    {
        _reader = reader;
        _knownLength = knownLength;
        _limit = limit;
        _memory = memory;
    }

    /// <summary>Reads the first <paramref name="length"/> bytes as text, or with a negative length all there are.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<BodyOutcome> ReadTextAsync(long length)
    {
        Debug.Assert(!_isHeld && _copy is null, "The text is read once.");
        var toEnd = length < 0;
        while (true)
        {
            var result = await _reader!.ReadAsync();
            if (SocketThread.IsTooMuch(result.Buffer.Length + _copied))
            {
                await Task.Yield();
            }

            var outcome = TakeText(result, toEnd, length, out var isDone);
            if (isDone)
            {
                return outcome;
            }
        }
    }

    /// <summary>Is done with the text; the bytes behind it can be read.</summary>
    public void ReleaseText()
    {
        if (_isHeld)
        {
            _isHeld = false;
            _taken += _held.Length;
            _reader!.AdvanceTo(_held.End);
            _held = default;
        }

        _copy?.Release();
        _copy = null;
        _copied = 0;
    }

    /// <summary>Reads bytes into their place.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<BodyOutcome> ReadIntoAsync(TensorBuffer destination, long offset, long length)
    {
        var end = offset + length;
        while (offset < end)
        {
            var result = await _reader!.ReadAsync();
            var available = result.Buffer.Length;
            var take = Math.Min(available, end - offset);
            if (_taken + take > _limit)
            {
                _reader.AdvanceTo(result.Buffer.Start);
                return BodyOutcome.TooLarge;
            }

            var chunk = result.Buffer.Slice(0, take);
            Copy(chunk, destination, offset);
            offset += take;
            _taken += take;
            _reader.AdvanceTo(chunk.End);
            if (offset < end && result.IsCompleted)
            {
                MissingBytes = end - offset;
                return BodyOutcome.Short;
            }
        }

        return BodyOutcome.Complete;
    }

    /// <summary>Whether nothing is left.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> IsAtEndAsync()
    {
        while (_taken != _knownLength)
        {
            var result = await _reader!.ReadAsync();
            _reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (!result.Buffer.IsEmpty || result.IsCompleted)
            {
                return result.Buffer.IsEmpty;
            }
        }

        return true;
    }

    /// <summary>Gives everything back.</summary>
    public void End()
    {
        if (_reader is not null)
        {
            ReleaseText();
        }

        _reader = null;
        _memory = null;
        _taken = 0;
        MissingBytes = 0;
    }

    private BodyOutcome TakeText(in ReadResult result, bool toEnd, long length, out bool isDone)
    {
        isDone = true;
        var buffer = result.Buffer;
        var wanted = toEnd ? buffer.Length : Math.Min(buffer.Length, length - _copied);
        if (_copied + wanted > Math.Min(_limit, LongestText))
        {
            _reader!.AdvanceTo(buffer.Start);
            return BodyOutcome.TooLarge;
        }

        var text = buffer.Slice(0, wanted);
        var isWhole = toEnd ? result.IsCompleted || _copied + wanted == _knownLength : _copied + wanted == length;
        if (isWhole && _copy is null && text.IsSingleSegment)
        {
            _held = text;
            _isHeld = true;
            return BodyOutcome.Complete;
        }

        var hasRoom = TryMakeRoom(wanted, toEnd ? _knownLength : length);
        if (hasRoom)
        {
            Copy(text, _copy!, _copied);
            _copied += wanted;
            _taken += wanted;
        }

        _reader!.AdvanceTo(text.End);
        if (!hasRoom)
        {
            return BodyOutcome.NoMemory;
        }

        if (!isWhole && result.IsCompleted)
        {
            MissingBytes = length - _copied;
            return BodyOutcome.Short;
        }

        isDone = isWhole;
        return BodyOutcome.Complete;
    }

    private bool TryMakeRoom(long byteLength, long? expected)
    {
        var needed = _copied + byteLength;
        if (_copy is not null && needed <= _copy.ByteLength)
        {
            return true;
        }

        var capacity = Math.Max(needed, _copy is null ? Math.Min(expected ?? SmallestCopy, TrustedLength) : 2 * _copy.ByteLength);
        var grown = _memory!.TryRent(expected is { } most ? Math.Min(capacity, most) : capacity);
        if (grown is null)
        {
            return false;
        }

        if (_copy is not null)
        {
            _copy.Span[..(int)_copied].CopyTo(grown.Span);
            _copy.Release();
        }

        _copy = grown;
        return true;
    }

    private static unsafe void Copy(in ReadOnlySequence<byte> source, TensorBuffer destination, long offset)
    {
        foreach (var segment in source)
        {
            segment.Span.CopyTo(new Span<byte>(destination.Pointer + offset, segment.Length));
            offset += segment.Length;
        }
    }
}
