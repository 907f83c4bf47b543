namespace Bedplate.Samples.Ocr.Images.Png;

/// <summary>
/// Turns differences to neighbouring bytes back into values (clause 9): each byte was written as its difference to a
/// prediction from the byte of the pixel on its left, the one above, and the one above on the left.
/// </summary>
internal static class PngFilter
{
    /// <param name="type">Which prediction: none, left, above, average of both, or Paeth's.</param>
    /// <param name="row">The row, changed in place.</param>
    /// <param name="above">The row above; zeros over the first.</param>
    /// <param name="distance">Bytes from a pixel to the next.</param>
    /// <exception cref="ImageFormatException">There is no such type.</exception>
    public static void Undo(byte type, Span<byte> row, ReadOnlySpan<byte> above, int distance)
    {
        if (type > 4)
        {
            throw new ImageFormatException($"a row has the filter {type}; there are filters 0 to 4");
        }

        for (var i = 0; i < row.Length; i++)
        {
            int left = i >= distance ? row[i - distance] : 0;
            int up = above[i];
            int corner = i >= distance ? above[i - distance] : 0;
            row[i] += type switch
            {
                1 => (byte)left,
                2 => (byte)up,
                3 => (byte)((left + up) / 2),
                4 => (byte)Paeth(left, up, corner),
                _ => 0,
            };
        }
    }

    // Of the three the one nearest to left + up - corner; the order of the comparisons decides ties.
    private static int Paeth(int left, int up, int corner)
    {
        var fromLeft = Math.Abs(up - corner);
        var fromUp = Math.Abs(left - corner);
        var fromCorner = Math.Abs(left + up - corner - corner);
        return fromLeft <= fromUp && fromLeft <= fromCorner ? left : fromUp <= fromCorner ? up : corner;
    }
}
