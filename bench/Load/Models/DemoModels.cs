using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Bench.Load.Models;

/// <summary>The models that <c>./run</c> fetches and serves.</summary>
internal static class DemoModels
{
    private const int UsualWidth = 320;

    /// <summary>Text recognition over a line of the usual width.</summary>
    public static BenchModel Recognition => RecognitionOf(UsualWidth);

    /// <summary>Text orientation: a convolutional model of about a millisecond.</summary>
    public static BenchModel Orientation => Create("ppocr_cls", () => NpmModels.OcrOrientation);

    /// <summary>Voice activity, Silero VAD v5.</summary>
    public static BenchModel Voice => Create("silero_vad", () => NpmModels.SileroV5);

    /// <summary>Text recognition over a line of so many pixels: its work grows with them.</summary>
    public static BenchModel RecognitionOf(int width) => Create("ppocr_rec", () => NpmModels.OcrRecognition, width);

    private static BenchModel Create(string name, Func<string> find, params long[] dimensions)
    {
        try
        {
            return new BenchModel(name, find(), dimensions.Length == 0 ? null : dimensions);
        }
        catch (FileNotFoundException exception)
        {
            throw new LoadException(exception.Message);
        }
    }
}
