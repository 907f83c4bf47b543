using Bedplate.Samples.Ocr.Detection;
using Bedplate.Samples.Ocr.Geometry;
using Bedplate.Samples.Ocr.Images;
using Bedplate.Samples.Ocr.Recognition;
using Bedplate.Samples.Ocr.Serving;

namespace Bedplate.Samples.Ocr;

/// <summary>The whole job: finds the lines of an image, turns them upright and reads them.</summary>
internal sealed class PageReader(ModelClient models, Alphabet alphabet)
{
    /// <summary>Lines on their way at a time. The server puts together what waits, so a few give it something to do.</summary>
    private const int Concurrency = 8;

    /// <summary>What is less certain is mostly no text.</summary>
    private const float LeastConfidence = 0.5f;

    private readonly TextDetector _detector = new(models);
    private readonly OrientationClassifier _orientation = new(models);
    private readonly TextRecognizer _recognizer = new(models, alphabet);

    /// <summary>The text's lines in reading order.</summary>
    /// <exception cref="InferenceException">The server did not answer.</exception>
    public async Task<IReadOnlyList<RecognizedText>> ReadAsync(RgbImage image, CancellationToken cancellationToken)
    {
        var lines = ReadingOrder.Sort(await _detector.FindAsync(image, cancellationToken));
        var texts = new RecognizedText[lines.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, lines.Count, options, async (i, token) => texts[i] = await ReadLineAsync(image, lines[i], token));
        return [.. texts.Where(text => text.Confidence >= LeastConfidence)];
    }

    private async Task<RecognizedText> ReadLineAsync(RgbImage image, RotatedRectangle rectangle, CancellationToken cancellationToken)
    {
        var line = LineImage.Cut(image, rectangle);
        if (await _orientation.IsUpsideDownAsync(line, cancellationToken))
        {
            line = Resampling.HalfTurn(line);
        }

        return await _recognizer.ReadAsync(line, cancellationToken);
    }
}
