using System.Numerics;

namespace Bedplate.Samples.Ocr.Geometry;

/// <summary>A rectangle that need not be level.</summary>
/// <param name="Center">Its centre.</param>
/// <param name="Right">The direction of its width, of length 1; within 45° of the image's own.</param>
/// <param name="Width">Its extent along <paramref name="Right"/>.</param>
/// <param name="Height">Its extent across.</param>
internal readonly record struct RotatedRectangle(Vector2 Center, Vector2 Right, float Width, float Height)
{
    /// <summary>The direction of its height.</summary>
    public Vector2 Down => new(-Right.Y, Right.X);

    public Vector2 TopLeft => Center - (Right * (Width / 2)) - (Down * (Height / 2));

    public float ShortSide => Math.Min(Width, Height);

    /// <summary>The smallest level rectangle around it.</summary>
    public (Vector2 Min, Vector2 Max) Bounds
    {
        get
        {
            var reach = (Vector2.Abs(Right) * (Width / 2)) + (Vector2.Abs(Down) * (Height / 2));
            return (Center - reach, Center + reach);
        }
    }

    public bool Contains(Vector2 point)
    {
        var fromCenter = point - Center;
        return Math.Abs(Vector2.Dot(fromCenter, Right)) <= Width / 2 && Math.Abs(Vector2.Dot(fromCenter, Down)) <= Height / 2;
    }

    /// <summary>The same with each side moved outwards.</summary>
    public RotatedRectangle Grow(float distance) => this with { Width = Width + (2 * distance), Height = Height + (2 * distance) };

    /// <summary>The same in an image of another size. Sides stay at right angles, which is exact where both scales are equal.</summary>
    public RotatedRectangle Scale(Vector2 scale)
    {
        var right = Right * Width * scale;
        return new RotatedRectangle(Center * scale, Vector2.Normalize(right), right.Length(), (Down * Height * scale).Length());
    }

    /// <summary>
    /// The rectangle of least area around points. One of its sides lies along a side of their convex hull, so each of
    /// those is tried.
    /// </summary>
    public static RotatedRectangle Around(ReadOnlySpan<Vector2> points)
    {
        var hull = ConvexHull.Of(points);
        var best = default(RotatedRectangle);
        var leastArea = float.PositiveInfinity;
        for (var i = 0; i < hull.Length; i++)
        {
            var side = hull[(i + 1) % hull.Length] - hull[i];
            if (side == Vector2.Zero)
            {
                continue;
            }

            var candidate = Around(hull, TowardsRight(Vector2.Normalize(side)));
            if (candidate.Width * candidate.Height < leastArea)
            {
                leastArea = candidate.Width * candidate.Height;
                best = candidate;
            }
        }

        return best;
    }

    private static RotatedRectangle Around(ReadOnlySpan<Vector2> points, Vector2 right)
    {
        var down = new Vector2(-right.Y, right.X);
        var min = new Vector2(float.PositiveInfinity);
        var max = new Vector2(float.NegativeInfinity);
        foreach (var point in points)
        {
            var turned = new Vector2(Vector2.Dot(point, right), Vector2.Dot(point, down));
            min = Vector2.Min(min, turned);
            max = Vector2.Max(max, turned);
        }

        var center = (min + max) / 2;
        return new RotatedRectangle((right * center.X) + (down * center.Y), right, max.X - min.X, max.Y - min.Y);
    }

    // Of the four directions of a rectangle's sides the one that is nearest to the right.
    private static Vector2 TowardsRight(Vector2 direction)
    {
        var lying = Math.Abs(direction.X) >= Math.Abs(direction.Y) ? direction : new Vector2(-direction.Y, direction.X);
        return lying.X < 0 ? -lying : lying;
    }
}
