using System.Numerics;
using Bedplate.Samples.Ocr.Detection;
using Bedplate.Samples.Ocr.Geometry;

namespace Bedplate.Tests.Unit.Samples.Ocr;

public class TextDetectorTests
{
    [Fact]
    public void A_region_becomes_a_rectangle_grown_and_scaled()
    {
        var map = Map(40, 30, (10, 8, 20, 5, 0.9f));
        var line = Assert.Single(TextDetector.Find(map, new Vector2(2, 2)));

        // Grown by 1.5 × area / perimeter = 1.5 × 100 / 50 = 3 to each side.
        Assert.Equal(new Vector2(40, 21), line.Center);
        Assert.Equal((52, 22), (line.Width, line.Height));
    }

    [Fact]
    public void Faint_and_tiny_regions_are_no_text()
    {
        Assert.Empty(TextDetector.Find(Map(40, 30, (10, 8, 20, 5, 0.5f)), Vector2.One));
        Assert.Empty(TextDetector.Find(Map(40, 30, (10, 8, 20, 2, 0.9f)), Vector2.One));
        Assert.Empty(TextDetector.Find(Map(40, 30), Vector2.One));
    }

    [Fact]
    public void Regions_that_touch_at_a_corner_are_one_and_others_apart()
    {
        Assert.Single(Outlines(Map(40, 30, (0, 0, 10, 5, 0.9f), (10, 5, 10, 5, 0.9f)), limit: 10));
        Assert.Equal(2, Outlines(Map(40, 30, (0, 0, 10, 5, 0.9f), (0, 6, 10, 5, 0.9f)), limit: 10).Count);
    }

    [Fact]
    public void No_more_regions_are_taken_than_asked_for() =>
        Assert.Equal(2, Outlines(Map(40, 30, (0, 0, 2, 2, 0.9f), (4, 0, 2, 2, 0.9f), (8, 0, 2, 2, 0.9f)), limit: 2).Count);

    [Fact]
    public void Lines_are_read_from_the_top_and_at_one_height_from_the_left()
    {
        RotatedRectangle[] lines = [Line(50, 42), Line(10, 40), Line(30, 10), Line(10, 70), Line(90, 38)];
        Assert.Equal([Line(30, 10), Line(10, 40), Line(50, 42), Line(90, 38), Line(10, 70)], ReadingOrder.Sort(lines));
    }

    private static List<Vector2[]> Outlines(ProbabilityMap map, int limit) => [.. new ConnectedRegions(map, 0.3f).Outlines(limit)];

    private static RotatedRectangle Line(float x, float y) => new(new Vector2(x, y), Vector2.UnitX, 20, 12);

    private static ProbabilityMap Map(int width, int height, params (int Left, int Top, int Width, int Height, float Probability)[] regions)
    {
        var probabilities = new float[width * height];
        foreach (var region in regions)
        {
            for (var y = region.Top; y < region.Top + region.Height; y++)
            {
                probabilities.AsSpan((y * width) + region.Left, region.Width).Fill(region.Probability);
            }
        }

        return new ProbabilityMap(width, height, probabilities);
    }
}
