using System.Numerics;
using Bedplate.Samples.Ocr.Geometry;
using Bedplate.Samples.Ocr.Images;
using Bedplate.Samples.Ocr.Serving;

namespace Bedplate.Samples.Ocr.Detection;

/// <summary>
/// Finds lines of text in an image. The model (DB, differentiable binarization, arXiv:1911.08947) gives a map of
/// probabilities in which each line is a region smaller than the text; the rectangle around it is grown back. Numbers
/// are PaddleOCR's.
/// </summary>
internal sealed class TextDetector(ModelClient models)
{
    private const string Model = "ppocr_det";

    /// <summary>Longest side that the model sees; a larger image is scaled down to it.</summary>
    private const int LongestSide = 960;

    /// <summary>The model halves its image five times and doubles it again.</summary>
    private const int SideMultiple = 32;

    private const float PixelThreshold = 0.3f;
    private const float RegionThreshold = 0.6f;
    private const float GrowthRatio = 1.5f;
    private const float ShortestSide = 3;
    private const int MaxRegions = 1000;

    // ImageNet's, in the order of PaddleOCR's channels.
    private static readonly float[] Mean = [0.485f, 0.456f, 0.406f];
    private static readonly float[] Deviation = [0.229f, 0.224f, 0.225f];

    /// <summary>The lines' rectangles, in the image's own pixels and no particular order.</summary>
    /// <exception cref="InferenceException">The server did not answer.</exception>
    public async Task<IReadOnlyList<RotatedRectangle>> FindAsync(RgbImage image, CancellationToken cancellationToken)
    {
        var scale = Math.Min(1f, (float)LongestSide / Math.Max(image.Width, image.Height));
        var seen = Resampling.Resize(image, Side(image.Width * scale), Side(image.Height * scale));
        var answer = await models.RunAsync(Model, "x", ImageTensor.Create(seen, seen.Width, Mean, Deviation), cancellationToken);
        if (answer.Shape is not [1, 1, var height, var width])
        {
            throw new InferenceException($"'{Model}' answered with shape [{string.Join(',', answer.Shape)}]; a detector of PP-OCR gives [1,1,height,width].");
        }

        return Find(new ProbabilityMap(width, height, answer.Elements), new Vector2((float)image.Width / width, (float)image.Height / height));
    }

    /// <summary>The lines in a map, scaled to the image it stands for.</summary>
    public static IReadOnlyList<RotatedRectangle> Find(ProbabilityMap map, Vector2 scale)
    {
        var lines = new List<RotatedRectangle>();
        foreach (var outline in new ConnectedRegions(map, PixelThreshold).Outlines(MaxRegions))
        {
            var core = RotatedRectangle.Around(outline);
            if (core.ShortSide < ShortestSide || map.Mean(core) < RegionThreshold)
            {
                continue;
            }

            // The model was trained on text shrunk by a multiple of its area over its perimeter; this undoes it.
            lines.Add(core.Grow(GrowthRatio * core.Width * core.Height / (2 * (core.Width + core.Height))).Scale(scale));
        }

        return lines;
    }

    private static int Side(float length) => Math.Max(SideMultiple, (int)MathF.Round(length / SideMultiple) * SideMultiple);
}
