using System.Numerics;

namespace Bedplate.Samples.Ocr.Images;

/// <summary>Images made from others by bilinear interpolation; beyond the edge, the edge goes on.</summary>
internal static class Resampling
{
    /// <summary>The whole image at another size.</summary>
    public static RgbImage Resize(RgbImage source, int width, int height) =>
        Warp(source, width, height, Vector2.Zero, new Vector2((float)source.Width / width, 0), new Vector2(0, (float)source.Height / height));

    /// <summary>A parallelogram of the source, straightened.</summary>
    /// <param name="source">The image it is taken from.</param>
    /// <param name="width">Width of the result.</param>
    /// <param name="height">Height of the result.</param>
    /// <param name="origin">Where the result's top left corner lies in the source.</param>
    /// <param name="right">The step in the source for one pixel to the right in the result.</param>
    /// <param name="down">The step in the source for one pixel down in the result.</param>
    public static RgbImage Warp(RgbImage source, int width, int height, Vector2 origin, Vector2 right, Vector2 down)
    {
        var result = new RgbImage(width, height);
        for (var y = 0; y < height; y++)
        {
            var row = result.Row(y);
            for (var x = 0; x < width; x++)
            {
                Sample(source, origin + (right * (x + 0.5f)) + (down * (y + 0.5f)), row.Slice(x * 3, 3));
            }
        }

        return result;
    }

    /// <summary>
    /// A quarter turn against the clock: text that ran downwards then reads from left to right. Text that ran upwards
    /// stands on its head, which is for the orientation model to find.
    /// </summary>
    public static RgbImage QuarterTurn(RgbImage source)
    {
        var result = new RgbImage(source.Height, source.Width);
        for (var y = 0; y < result.Height; y++)
        {
            for (var x = 0; x < result.Width; x++)
            {
                source.Pixel(source.Width - 1 - y, x).CopyTo(result.Pixel(x, y));
            }
        }

        return result;
    }

    /// <summary>Upside down.</summary>
    public static RgbImage HalfTurn(RgbImage source)
    {
        var result = new RgbImage(source.Width, source.Height);
        for (var y = 0; y < result.Height; y++)
        {
            for (var x = 0; x < result.Width; x++)
            {
                source.Pixel(source.Width - 1 - x, source.Height - 1 - y).CopyTo(result.Pixel(x, y));
            }
        }

        return result;
    }

    private static void Sample(RgbImage source, Vector2 point, Span<byte> result)
    {
        var x = Math.Clamp(point.X - 0.5f, 0, source.Width - 1);
        var y = Math.Clamp(point.Y - 0.5f, 0, source.Height - 1);
        var left = (int)x;
        var top = (int)y;
        var right = Math.Min(left + 1, source.Width - 1);
        var bottom = Math.Min(top + 1, source.Height - 1);
        var topLeft = source.Pixel(left, top);
        var topRight = source.Pixel(right, top);
        var bottomLeft = source.Pixel(left, bottom);
        var bottomRight = source.Pixel(right, bottom);
        for (var c = 0; c < 3; c++)
        {
            var above = float.Lerp(topLeft[c], topRight[c], x - left);
            var below = float.Lerp(bottomLeft[c], bottomRight[c], x - left);
            result[c] = (byte)(float.Lerp(above, below, y - top) + 0.5f);
        }
    }
}
