namespace Bedplate.Samples.Ocr.Recognition;

/// <summary>What a line says.</summary>
/// <param name="Text">The characters; none where nothing was recognized.</param>
/// <param name="Confidence">The mean of the characters' probabilities, 0 to 1.</param>
internal readonly record struct RecognizedText(string Text, float Confidence);
