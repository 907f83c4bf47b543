using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Bedplate.Samples.Ocr.Images.Png;

namespace Bedplate.Tests.Unit.Samples.Ocr;

/// <summary>Writes PNG files from samples, in every form the standard has, and broken ones.</summary>
internal sealed record TestPng(int Width, int Height, int ColorType, int BitDepth, bool IsInterlaced = false)
{
    private static readonly (int Left, int Top, int StepRight, int StepDown)[] Adam7 =
    [
        (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
    ];

    public int Channels => ColorType switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };

    public byte[] Palette { get; init; } = [];

    public byte[] Transparency { get; init; } = [];

    /// <summary>Filter of each row in turn; one that there is not, too.</summary>
    public byte[] Filters { get; init; } = [0, 1, 2, 3, 4];

    /// <summary>What the header says of the size, where it lies.</summary>
    public (int Width, int Height)? Claim { get; init; }

    /// <summary>Between header and pixels.</summary>
    public (string Type, byte[] Data)[] FurtherChunks { get; init; } = [];

    /// <summary>What is done to the compressed pixels.</summary>
    public Func<byte[], byte[]> Damage { get; init; } = pixels => pixels;

    public byte[] Write(Func<int, int, int, int> sample)
    {
        var header = new byte[13];
        var (width, height) = Claim ?? (Width, Height);
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = (byte)BitDepth;
        header[9] = (byte)ColorType;
        header[12] = IsInterlaced ? (byte)1 : (byte)0;
        using var file = new MemoryStream();
        file.Write([0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10]);
        WriteChunk(file, "IHDR", header);
        foreach (var (type, data) in FurtherChunks)
        {
            WriteChunk(file, type, data);
        }

        if (Palette.Length > 0)
        {
            WriteChunk(file, "PLTE", Palette);
        }

        if (Transparency.Length > 0)
        {
            WriteChunk(file, "tRNS", Transparency);
        }

        // Pixels may be split anywhere.
        var pixels = Damage(Compress(sample));
        WriteChunk(file, "IDAT", pixels[..(pixels.Length / 2)]);
        WriteChunk(file, "IDAT", pixels[(pixels.Length / 2)..]);
        WriteChunk(file, "IEND", []);
        return file.ToArray();
    }

    private static void WriteChunk(Stream file, string type, byte[] data)
    {
        byte[] covered = [.. Encoding.ASCII.GetBytes(type), .. data];
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        file.Write(covered);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.Compute(covered));
        file.Write(number);
    }

    private byte[] Compress(Func<int, int, int, int> sample)
    {
        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Fastest))
        {
            foreach (var (left, top, stepRight, stepDown) in IsInterlaced ? Adam7 : [(0, 0, 1, 1)])
            {
                byte[]? above = null;
                for (var y = top; y < Height && left < Width; y += stepDown)
                {
                    var row = Pack(y, left, stepRight, sample);
                    above ??= new byte[row.Length];
                    var filter = Filters[y % Filters.Length];
                    zlib.WriteByte(filter);
                    zlib.Write(Filter(filter, row, above));
                    above = row;
                }
            }
        }

        return compressed.ToArray();
    }

    private byte[] Pack(int y, int left, int step, Func<int, int, int, int> sample)
    {
        var bits = new StringBuilder();
        for (var x = left; x < Width; x += step)
        {
            for (var c = 0; c < Channels; c++)
            {
                bits.Append(Convert.ToString(sample(x, y, c), 2).PadLeft(BitDepth, '0'));
            }
        }

        return [.. bits.ToString().Chunk(8).Select(octet => Convert.ToByte(new string(octet).PadRight(8, '0'), 2))];
    }

    // The standard's own formulation of Paeth's predictor, other than the reader's.
    private byte[] Filter(byte type, byte[] row, byte[] above)
    {
        var distance = Math.Max(1, Channels * BitDepth / 8);
        return
        [
            .. row.Select((value, i) =>
            {
                var a = i < distance ? 0 : row[i - distance];
                var b = above[i];
                var c = i < distance ? 0 : above[i - distance];
                var p = a + b - c;
                int paeth = new[] { a, b, c }.MinBy(neighbour => Math.Abs(p - neighbour));
                return (byte)(value - type switch { 1 => a, 2 => b, 3 => (a + b) / 2, 4 => paeth, _ => 0 });
            }),
        ];
    }
}
