using Bedplate.Samples.Ocr.Geometry;
using Bedplate.Samples.Ocr.Images;

namespace Bedplate.Samples.Ocr.Recognition;

/// <summary>Cuts lines of text out of an image, and scales them for the models that read them.</summary>
internal static class LineImage
{
    /// <summary>Both models see lines of this height.</summary>
    public const int Height = 48;

    /// <summary>From here on a rectangle is text that runs downwards rather than a short line.</summary>
    private const float StandingRatio = 1.5f;

    // Samples from -1 to 1.
    private static readonly float[] Middle = [0.5f, 0.5f, 0.5f];

    /// <summary>The rectangle's content, straightened and lying.</summary>
    public static RgbImage Cut(RgbImage image, RotatedRectangle line)
    {
        var width = Math.Max(1, (int)MathF.Round(line.Width));
        var height = Math.Max(1, (int)MathF.Round(line.Height));
        var upright = Resampling.Warp(image, width, height, line.TopLeft, line.Right * (line.Width / width), line.Down * (line.Height / height));
        return height >= width * StandingRatio ? Resampling.QuarterTurn(upright) : upright;
    }

    /// <summary>How wide a line becomes when it is scaled to the models' height, at most a limit; then it is squeezed.</summary>
    public static int ScaledWidth(RgbImage line, int limit) =>
        (int)Math.Clamp(Math.Ceiling((double)line.Width * Height / line.Height), 1, limit);

    /// <summary>The line as a tensor: scaled to a width, the rest left gray.</summary>
    public static Serving.FloatTensor ToTensor(RgbImage line, int scaledWidth, int tensorWidth) =>
        ImageTensor.Create(Resampling.Resize(line, scaledWidth, Height), tensorWidth, Middle, Middle);
}
