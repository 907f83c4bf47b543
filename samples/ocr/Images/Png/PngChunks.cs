using System.Buffers.Binary;
using System.Text;

namespace Bedplate.Samples.Ocr.Images.Png;

/// <summary>Walks the chunks of a PNG file: length, type, data and a checksum of type and data (clause 5.3).</summary>
internal ref struct PngChunks(ReadOnlySpan<byte> file)
{
    private const int LengthBytes = 4;
    private const int TypeBytes = 4;
    private const int ChecksumBytes = 4;
    private const byte LowerCase = 0x20;
    private readonly ReadOnlySpan<byte> _file = file;
    private ReadOnlySpan<byte> _type;
    private int _position;

    /// <summary>The current chunk's data.</summary>
    public ReadOnlySpan<byte> Data { get; private set; }

    /// <summary>The current chunk's type, fit for a terminal whatever the file has there.</summary>
    public readonly string TypeText => string.Concat(Encoding.Latin1.GetString(_type).Select(letter => char.IsAsciiLetter(letter) ? letter : '?'));

    /// <summary>Whether an image cannot be shown without the current chunk: its type begins with a capital letter.</summary>
    public readonly bool IsCritical => (_type[0] & LowerCase) == 0;

    public readonly bool Is(ReadOnlySpan<byte> type) => _type.SequenceEqual(type);

    /// <summary>Goes to the next chunk.</summary>
    /// <exception cref="ImageFormatException">There is none, or it is damaged.</exception>
    public void Next()
    {
        var rest = _file[_position..];
        if (rest.Length < LengthBytes + TypeBytes + ChecksumBytes)
        {
            throw new ImageFormatException("it ends before its IEND chunk; the file is incomplete");
        }

        var length = BinaryPrimitives.ReadUInt32BigEndian(rest);
        _type = rest.Slice(LengthBytes, TypeBytes);
        if (length > rest.Length - LengthBytes - TypeBytes - ChecksumBytes)
        {
            throw new ImageFormatException($"it ends within its {TypeText} chunk; the file is incomplete");
        }

        var covered = rest.Slice(LengthBytes, TypeBytes + (int)length);
        Data = covered[TypeBytes..];
        var checksum = BinaryPrimitives.ReadUInt32BigEndian(rest[(LengthBytes + covered.Length)..]);
        if (Crc32.Compute(covered) != checksum)
        {
            throw new ImageFormatException($"the checksum of its {TypeText} chunk is wrong; the file is damaged");
        }

        _position += LengthBytes + covered.Length + ChecksumBytes;
    }
}
