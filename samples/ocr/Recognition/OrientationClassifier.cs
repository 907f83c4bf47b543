using Bedplate.Samples.Ocr.Images;
using Bedplate.Samples.Ocr.Serving;

namespace Bedplate.Samples.Ocr.Recognition;

/// <summary>Sees whether a line stands on its head.</summary>
internal sealed class OrientationClassifier(ModelClient models)
{
    private const string Model = "ppocr_cls";
    private const int Width = 192;

    /// <summary>How sure the model must be; turning a good line costs more than leaving a turned one.</summary>
    private const float Threshold = 0.9f;

    /// <exception cref="InferenceException">The server did not answer.</exception>
    public async Task<bool> IsUpsideDownAsync(RgbImage line, CancellationToken cancellationToken)
    {
        var input = LineImage.ToTensor(line, LineImage.ScaledWidth(line, Width), Width);
        var answer = await models.RunAsync(Model, "x", input, cancellationToken);
        return answer.Shape is [1, 2]
            ? answer.Elements[1] > Threshold
            : throw new InferenceException($"'{Model}' answered with shape [{string.Join(',', answer.Shape)}]; PP-OCR's classifier gives [1,2], for 0° and 180°.");
    }
}
