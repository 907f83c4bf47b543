using System.Buffers.Binary;

namespace Bedplate.Samples.Ocr.Images.Png;

/// <summary>What a pixel's samples mean (clause 11.2.1).</summary>
internal enum PngColorType
{
    Gray = 0,
    Rgb = 2,
    Palette = 3,
    GrayAlpha = 4,
    RgbAlpha = 6,
}

/// <summary>The IHDR chunk.</summary>
internal readonly record struct PngHeader(int Width, int Height, int BitDepth, PngColorType ColorType, bool IsInterlaced)
{
    private const int Length = 13;

    /// <summary>Samples of a pixel.</summary>
    public int Channels => ColorType switch
    {
        PngColorType.Rgb => 3,
        PngColorType.GrayAlpha => 2,
        PngColorType.RgbAlpha => 4,
        _ => 1,
    };

    /// <summary>How far back a row's filter looks: the bytes of a whole pixel, at least one.</summary>
    public int FilterDistance => Math.Max(1, Channels * BitDepth / 8);

    /// <summary>Bytes of a row of so many pixels.</summary>
    public int RowBytes(int pixels) => (int)((((long)pixels * Channels * BitDepth) + 7) / 8);

    /// <exception cref="ImageFormatException">The chunk is malformed, or the image too large.</exception>
    public static PngHeader Parse(ReadOnlySpan<byte> data)
    {
        if (data.Length != Length)
        {
            throw new ImageFormatException($"its IHDR chunk has {data.Length} bytes; it must have {Length}");
        }

        var width = BinaryPrimitives.ReadUInt32BigEndian(data);
        var height = BinaryPrimitives.ReadUInt32BigEndian(data[4..]);
        ImageFile.CheckSize(width, height);
        var (bitDepth, colorType, compression, filter, interlace) = (data[8], (PngColorType)data[9], data[10], data[11], data[12]);
        var isAllowed = colorType switch
        {
            PngColorType.Gray => bitDepth is 1 or 2 or 4 or 8 or 16,
            PngColorType.Palette => bitDepth is 1 or 2 or 4 or 8,
            PngColorType.Rgb or PngColorType.GrayAlpha or PngColorType.RgbAlpha => bitDepth is 8 or 16,
            _ => false,
        };
        if (!isAllowed)
        {
            throw new ImageFormatException($"its colour type {(int)colorType} with {bitDepth} bits a sample is not in the standard");
        }

        if (compression != 0 || filter != 0 || interlace > 1)
        {
            throw new ImageFormatException($"its compression {compression}, filter {filter} or interlace {interlace} method is not in the standard");
        }

        return new PngHeader((int)width, (int)height, bitDepth, colorType, interlace == 1);
    }
}
