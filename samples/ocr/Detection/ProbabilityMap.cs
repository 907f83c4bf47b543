using System.Numerics;
using Bedplate.Samples.Ocr.Geometry;

namespace Bedplate.Samples.Ocr.Detection;

/// <summary>For each pixel how likely it is to be within text.</summary>
internal sealed class ProbabilityMap(int width, int height, float[] probabilities)
{
    public int Width => width;

    public int Height => height;

    public float this[int x, int y] => probabilities[(y * width) + x];

    /// <summary>The mean over the pixels whose centres are in a rectangle; 0 where there are none.</summary>
    public float Mean(RotatedRectangle rectangle)
    {
        var (min, max) = rectangle.Bounds;
        var sum = 0f;
        var count = 0;
        for (var y = Math.Max(0, (int)min.Y); y < Math.Min(height, (int)max.Y + 1); y++)
        {
            for (var x = Math.Max(0, (int)min.X); x < Math.Min(width, (int)max.X + 1); x++)
            {
                if (rectangle.Contains(new Vector2(x + 0.5f, y + 0.5f)))
                {
                    sum += this[x, y];
                    count++;
                }
            }
        }

        return count == 0 ? 0 : sum / count;
    }
}
