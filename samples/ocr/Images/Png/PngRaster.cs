using System.IO.Compression;

namespace Bedplate.Samples.Ocr.Images.Png;

/// <summary>
/// Decompresses and unfilters the rows of a PNG. An interlaced image is seven smaller ones one after the other, each
/// with the pixels of a grid of its own (clause 8.2).
/// </summary>
internal static class PngRaster
{
    private static readonly Pass[] Whole = [new(0, 0, 1, 1)];

    private static readonly Pass[] Adam7 =
    [
        new(0, 0, 8, 8), new(4, 0, 8, 8), new(0, 4, 4, 8), new(2, 0, 4, 4), new(0, 2, 2, 4), new(1, 0, 2, 2), new(0, 1, 1, 2),
    ];

    /// <exception cref="ImageFormatException">The data is damaged or ends early.</exception>
    public static RgbImage Decode(PngHeader header, PngColors colors, Stream compressed)
    {
        using var rows = new ZLibStream(compressed, CompressionMode.Decompress);
        var image = new RgbImage(header.Width, header.Height);
        try
        {
            foreach (var pass in header.IsInterlaced ? Adam7 : Whole)
            {
                Decode(header, colors, rows, pass, image);
            }
        }
        catch (EndOfStreamException exception)
        {
            throw new ImageFormatException("its pixels end early; the file is incomplete", exception);
        }
        catch (InvalidDataException exception)
        {
            throw new ImageFormatException("its pixels cannot be decompressed; the file is damaged", exception);
        }

        return image;
    }

    private static void Decode(PngHeader header, PngColors colors, ZLibStream rows, Pass pass, RgbImage image)
    {
        var width = Count(header.Width, pass.Left, pass.StepRight);
        var height = Count(header.Height, pass.Top, pass.StepDown);
        if (width == 0)
        {
            return;
        }

        var row = new byte[header.RowBytes(width)];
        var above = new byte[row.Length];
        Span<byte> filter = stackalloc byte[1];
        for (var y = 0; y < height; y++)
        {
            rows.ReadExactly(filter);
            rows.ReadExactly(row);
            PngFilter.Undo(filter[0], row, above, header.FilterDistance);
            for (var x = 0; x < width; x++)
            {
                colors.Read(row, x, image.Pixel(pass.Left + (x * pass.StepRight), pass.Top + (y * pass.StepDown)));
            }

            (row, above) = (above, row);
        }
    }

    private static int Count(int all, int first, int step) => Math.Max(0, (all - first + step - 1) / step);

    private readonly record struct Pass(int Left, int Top, int StepRight, int StepDown);
}
