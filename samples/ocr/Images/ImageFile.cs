using Bedplate.Samples.Ocr.Images.Png;

namespace Bedplate.Samples.Ocr.Images;

/// <summary>Reads image files, whatever they are called, by what they begin with.</summary>
internal static class ImageFile
{
    /// <summary>Most pixels of an image: 50 million, a page at 600 dpi with room to spare, are 150 MB in memory.</summary>
    public const int MaxPixels = 50_000_000;

    /// <summary>Longest file: the largest image at 16 bits a sample, uncompressed, is not much more.</summary>
    private const long MaxFileBytes = 512L << 20;

    /// <exception cref="ImageFormatException">The file is too long, or no image that can be read.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static RgbImage Read(string path)
    {
        var length = new FileInfo(path).Length;
        if (length > MaxFileBytes)
        {
            throw new ImageFormatException($"it has {length} bytes; images up to {MaxFileBytes} are read");
        }

        return Read(File.ReadAllBytes(path));
    }

    /// <exception cref="ImageFormatException">The bytes are no image that can be read.</exception>
    public static RgbImage Read(ReadOnlySpan<byte> file)
    {
        if (PngReader.IsPng(file))
        {
            return PngReader.Read(file);
        }

        if (NetpbmReader.IsNetpbm(file))
        {
            return NetpbmReader.Read(file);
        }

        throw new ImageFormatException("it is neither PNG nor binary PPM or PGM (P6, P5); convert it first, as in: djpeg photo.jpg > photo.ppm");
    }

    /// <summary>Refuses dimensions that are zero or too many pixels.</summary>
    /// <exception cref="ImageFormatException">They are.</exception>
    public static void CheckSize(uint width, uint height)
    {
        if (width == 0 || height == 0)
        {
            throw new ImageFormatException($"its size is {width}×{height}; there is nothing in it");
        }

        if ((ulong)width * height > MaxPixels)
        {
            throw new ImageFormatException($"its size is {width}×{height}; images up to {MaxPixels} pixels are read");
        }
    }
}
