using System.Numerics;
using Bedplate.Samples.Ocr.Geometry;

namespace Bedplate.Tests.Unit.Samples.Ocr;

public class RotatedRectangleTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(44)]
    [InlineData(-30)]
    public void The_rectangle_around_a_turned_rectangles_points_is_that_rectangle(double degrees)
    {
        var right = new Vector2((float)Math.Cos(degrees * Math.PI / 180), (float)Math.Sin(degrees * Math.PI / 180));
        var expected = new RotatedRectangle(new Vector2(50, 30), right, 40, 10);
        var points = new List<Vector2>();
        for (var x = 0; x <= 8; x++)
        {
            for (var y = 0; y <= 4; y++)
            {
                points.Add(expected.TopLeft + (expected.Right * (x * 5)) + (expected.Down * (y * 2.5f)));
            }
        }

        var found = RotatedRectangle.Around(points.ToArray());

        Assert.Equal(0, Vector2.Distance(expected.Center, found.Center), 3f);
        Assert.Equal(0, Vector2.Distance(expected.Right, found.Right), 0.001f);
        Assert.Equal(expected.Width, found.Width, 0.01f);
        Assert.Equal(expected.Height, found.Height, 0.01f);
    }

    [Fact]
    public void The_rectangle_around_points_has_all_of_them_and_no_more_area_than_the_level_one()
    {
        var random = new Random(1);
        for (var round = 0; round < 200; round++)
        {
            var points = Enumerable.Range(0, random.Next(3, 40)).Select(_ => new Vector2(random.Next(100), random.Next(100))).ToArray();
            var found = RotatedRectangle.Around(points);
            Assert.All(points, point => Assert.True(found.Grow(0.01f).Contains(point)));
            var level = (points.Max(point => point.X) - points.Min(point => point.X)) * (points.Max(point => point.Y) - points.Min(point => point.Y));
            Assert.True(found.Width * found.Height <= level * 1.001f);
        }
    }

    [Fact]
    public void A_standing_rectangle_keeps_its_width_across_the_image()
    {
        var found = RotatedRectangle.Around([new(0, 0), new(10, 0), new(10, 40), new(0, 40)]);
        Assert.Equal((10, 40), (found.Width, found.Height));
        Assert.Equal(Vector2.UnitX, found.Right);
        Assert.Equal(Vector2.Zero, found.TopLeft);
    }

    [Fact]
    public void Scaling_scales_centre_and_sides()
    {
        var scaled = new RotatedRectangle(new Vector2(10, 20), Vector2.UnitX, 8, 4).Scale(new Vector2(2, 3));
        Assert.Equal(new RotatedRectangle(new Vector2(20, 60), Vector2.UnitX, 16, 12), scaled);
    }
}
