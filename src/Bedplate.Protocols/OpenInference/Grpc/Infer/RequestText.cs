using System.Buffers;
using System.Text.Unicode;

namespace Bedplate.Protocols.OpenInference.Grpc.Infer;

/// <summary>
/// The texts of one request (names, id, parameters) as UTF-8, one behind the other in an array that is kept for the
/// next request: what they were read from goes back to the connection while the rest of the request arrives.
/// </summary>
internal sealed class RequestText
{
    // An array larger than this is not kept: it served an unusual request.
    private const int MaxKeptBytes = 64 << 10;

    private byte[] _bytes = new byte[512];
    private int _length;

    /// <summary>A text added before; valid until the next is added.</summary>
    public ReadOnlySpan<byte> this[TextRange range] => _bytes.AsSpan(range.Offset, range.Length);

    /// <summary>Takes the next bytes of the reader, which has them. False when they are not UTF-8.</summary>
    public bool TryAdd(ref SequenceReader<byte> reader, int length, out TextRange range)
    {
        range = new TextRange(_length, length);
        if (_bytes.Length - _length < length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + length));
        }

        var text = _bytes.AsSpan(_length, length);
        reader.TryCopyTo(text);
        reader.Advance(length);
        _length += length;
        return Utf8.IsValid(text);
    }

    public void Clear()
    {
        _length = 0;
        if (_bytes.Length > MaxKeptBytes)
        {
            _bytes = new byte[512];
        }
    }
}
