namespace Bedplate.Samples.Ocr.Images.Png;

/// <summary>
/// Reads PNG (ISO/IEC 15948): every colour type and bit depth, interlaced or not. Transparent pixels are laid on white,
/// as paper. Colour profiles and gamma are ignored: text is found by contrast.
/// </summary>
internal static class PngReader
{
    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10];

    public static bool IsPng(ReadOnlySpan<byte> file) => file.StartsWith(Signature);

    /// <exception cref="ImageFormatException">The file is malformed, damaged or too large.</exception>
    public static RgbImage Read(ReadOnlySpan<byte> file)
    {
        var chunks = new PngChunks(file[Signature.Length..]);
        chunks.Next();
        if (!chunks.Is("IHDR"u8))
        {
            throw new ImageFormatException($"its first chunk is {chunks.TypeText}; it must be IHDR");
        }

        var header = PngHeader.Parse(chunks.Data);
        ReadOnlySpan<byte> palette = [];
        ReadOnlySpan<byte> transparency = [];
        using var compressed = new MemoryStream();
        for (chunks.Next(); !chunks.Is("IEND"u8); chunks.Next())
        {
            if (chunks.Is("PLTE"u8))
            {
                palette = chunks.Data;
            }
            else if (chunks.Is("tRNS"u8))
            {
                transparency = chunks.Data;
            }
            else if (chunks.Is("IDAT"u8))
            {
                compressed.Write(chunks.Data);
            }
            else if (chunks.IsCritical)
            {
                throw new ImageFormatException($"it has a chunk {chunks.TypeText}, which is marked as necessary and is not in the standard");
            }
        }

        compressed.Position = 0;
        return PngRaster.Decode(header, new PngColors(header, palette, transparency), compressed);
    }
}
