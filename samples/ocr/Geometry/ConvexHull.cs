using System.Numerics;

namespace Bedplate.Samples.Ocr.Geometry;

/// <summary>The points that a rubber band around all of them would touch, in order (Andrew's monotone chain).</summary>
internal static class ConvexHull
{
    public static Vector2[] Of(ReadOnlySpan<Vector2> points)
    {
        var sorted = points.ToArray();
        Array.Sort(sorted, static (a, b) => a.X != b.X ? a.X.CompareTo(b.X) : a.Y.CompareTo(b.Y));
        var hull = new List<Vector2>(sorted.Length + 1);
        AddHalf(hull, sorted);
        Array.Reverse(sorted);
        AddHalf(hull, sorted);
        return [.. hull];
    }

    // Half of the hull, without its last point, which the other half begins with.
    private static void AddHalf(List<Vector2> hull, ReadOnlySpan<Vector2> sorted)
    {
        var start = hull.Count;
        foreach (var point in sorted)
        {
            while (hull.Count - start >= 2 && !IsLeftTurn(hull[^2], hull[^1], point))
            {
                hull.RemoveAt(hull.Count - 1);
            }

            hull.Add(point);
        }

        hull.RemoveAt(hull.Count - 1);
    }

    private static bool IsLeftTurn(Vector2 from, Vector2 over, Vector2 to)
    {
        var first = over - from;
        var second = to - over;
        return (first.X * second.Y) - (first.Y * second.X) > 0;
    }
}
