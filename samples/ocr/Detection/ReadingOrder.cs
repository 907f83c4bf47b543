using Bedplate.Samples.Ocr.Geometry;

namespace Bedplate.Samples.Ocr.Detection;

/// <summary>Sorts lines as they are read: from the top, and those at the same height from the left.</summary>
internal static class ReadingOrder
{
    public static IReadOnlyList<RotatedRectangle> Sort(IEnumerable<RotatedRectangle> lines)
    {
        var sorted = new List<RotatedRectangle>();
        var row = new List<RotatedRectangle>();
        foreach (var line in lines.OrderBy(line => line.Center.Y))
        {
            // Not at the same height as the row: half a line further down, by whichever line is lower.
            if (row.Count > 0 && line.Center.Y - row[0].Center.Y > Math.Min(row[0].Height, line.Height) / 2)
            {
                sorted.AddRange(row.OrderBy(each => each.Center.X));
                row.Clear();
            }

            row.Add(line);
        }

        sorted.AddRange(row.OrderBy(each => each.Center.X));
        return sorted;
    }
}
