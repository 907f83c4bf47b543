using System.Numerics;

namespace Bedplate.Samples.Ocr.Detection;

/// <summary>
/// Finds the regions of a map that lie above a threshold and hang together, corners included, and for each the corners
/// of the first and the last pixel of its rows, which are all that its convex hull can consist of.
/// </summary>
internal sealed class ConnectedRegions(ProbabilityMap map, float threshold)
{
    private readonly bool[] _seen = new bool[map.Width * map.Height];
    private readonly Stack<(int X, int Y)> _open = new();
    private readonly Dictionary<int, (int First, int Last)> _rows = [];

    /// <summary>The outlines, in the order in which the regions are met from the top; so many at most.</summary>
    public IEnumerable<Vector2[]> Outlines(int limit)
    {
        var found = 0;
        for (var y = 0; y < map.Height; y++)
        {
            for (var x = 0; x < map.Width; x++)
            {
                if (Take(x, y))
                {
                    yield return Fill();
                    if (++found == limit)
                    {
                        yield break;
                    }
                }
            }
        }
    }

    private Vector2[] Fill()
    {
        while (_open.TryPop(out var pixel))
        {
            for (var y = pixel.Y - 1; y <= pixel.Y + 1; y++)
            {
                for (var x = pixel.X - 1; x <= pixel.X + 1; x++)
                {
                    Take(x, y);
                }
            }
        }

        var outline = new List<Vector2>(_rows.Count * 4);
        foreach (var (y, (first, last)) in _rows)
        {
            outline.AddRange([new(first, y), new(first, y + 1), new(last + 1, y), new(last + 1, y + 1)]);
        }

        _rows.Clear();
        return [.. outline];
    }

    // Adds a pixel to the region if it is one and has not been seen before.
    private bool Take(int x, int y)
    {
        if (x < 0 || y < 0 || x >= map.Width || y >= map.Height || map[x, y] <= threshold)
        {
            return false;
        }

        ref var seen = ref _seen[(y * map.Width) + x];
        if (seen)
        {
            return false;
        }

        seen = true;
        _open.Push((x, y));
        _rows[y] = _rows.TryGetValue(y, out var row) ? (Math.Min(row.First, x), Math.Max(row.Last, x)) : (x, x);
        return true;
    }
}
