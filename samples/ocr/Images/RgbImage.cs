namespace Bedplate.Samples.Ocr.Images;

/// <summary>
/// Red, green and blue at 8 bits, row by row from the top. Coordinates are continuous: the first pixel covers 0 to 1
/// and has its centre at 0.5, so that a point keeps its place when an image is scaled.
/// </summary>
internal sealed class RgbImage(int width, int height)
{
    private readonly byte[] _samples = new byte[checked(width * height * 3)];

    public int Width => width;

    public int Height => height;

    /// <summary>One row, three bytes a pixel.</summary>
    public Span<byte> Row(int y) => _samples.AsSpan(y * width * 3, width * 3);

    /// <summary>The pixel at a column and row.</summary>
    public Span<byte> Pixel(int x, int y) => _samples.AsSpan(((y * width) + x) * 3, 3);
}
