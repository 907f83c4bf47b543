using Bedplate.Samples.Ocr.Images;
using Bedplate.Samples.Ocr.Serving;

namespace Bedplate.Samples.Ocr.Recognition;

/// <summary>Reads a line.</summary>
internal sealed class TextRecognizer(ModelClient models, Alphabet alphabet)
{
    private const string Model = "ppocr_rec";

    /// <summary>The width that the model was trained with; shorter lines are filled up to it.</summary>
    private const int LeastWidth = 320;

    /// <summary>Longer lines are filled up to a multiple of this, so that lines of about a length can share a run.</summary>
    private const int WidthMultiple = 64;

    /// <summary>Fifty times the height, some hundred characters: what is longer is squeezed.</summary>
    private const int GreatestWidth = 2432;

    /// <exception cref="InferenceException">The server did not answer.</exception>
    public async Task<RecognizedText> ReadAsync(RgbImage line, CancellationToken cancellationToken)
    {
        var scaledWidth = LineImage.ScaledWidth(line, GreatestWidth);
        var width = Math.Max(LeastWidth, (scaledWidth + WidthMultiple - 1) / WidthMultiple * WidthMultiple);
        var answer = await models.RunAsync(Model, "x", LineImage.ToTensor(line, scaledWidth, width), cancellationToken);
        return CtcDecoder.Decode(answer, alphabet);
    }
}
