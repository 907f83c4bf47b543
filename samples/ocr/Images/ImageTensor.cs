using Bedplate.Samples.Ocr.Serving;

namespace Bedplate.Samples.Ocr.Images;

/// <summary>Images as the models were trained to see them: [1, 3, height, width], blue first, each channel normalized.</summary>
internal static class ImageTensor
{
    /// <param name="image">The image.</param>
    /// <param name="width">Width of the tensor; what the image leaves free on the right is zero.</param>
    /// <param name="mean">What is taken from each channel, of the range 0 to 1.</param>
    /// <param name="deviation">What each channel is then divided by.</param>
    public static FloatTensor Create(RgbImage image, int width, ReadOnlySpan<float> mean, ReadOnlySpan<float> deviation)
    {
        var elements = new float[3 * image.Height * width];
        for (var channel = 0; channel < 3; channel++)
        {
            for (var y = 0; y < image.Height; y++)
            {
                var source = image.Row(y);
                var target = elements.AsSpan(((channel * image.Height) + y) * width, width);
                for (var x = 0; x < image.Width; x++)
                {
                    var sample = source[(x * 3) + (2 - channel)] / 255f;
                    target[x] = (sample - mean[channel]) / deviation[channel];
                }
            }
        }

        return new FloatTensor([1, 3, image.Height, width], elements);
    }
}
