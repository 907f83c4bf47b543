using System.Text;
using Bedplate.Samples.Ocr.Serving;

namespace Bedplate.Samples.Ocr.Recognition;

/// <summary>
/// Reads the recognizer's answer: for each step along the line a probability for every class. Steps in a row with the
/// same class are one character, and a blank between them makes them two (connectionist temporal classification).
/// </summary>
internal static class CtcDecoder
{
    private const int Blank = 0;

    /// <summary>
    /// Between two characters a space is read where it is at least this likely, though a blank be likelier: the model
    /// has seen more Chinese than Latin text and is shy of spaces. Within words it gives them less than 0.01.
    /// </summary>
    private const float SpaceThreshold = 0.05f;

    /// <param name="answer">[1, steps, classes].</param>
    /// <param name="alphabet">The classes.</param>
    /// <exception cref="InferenceException">The answer does not fit the alphabet.</exception>
    public static RecognizedText Decode(FloatTensor answer, Alphabet alphabet)
    {
        if (answer.Shape is not [1, var steps, var classes] || classes != alphabet.Count)
        {
            throw new InferenceException(
                $"The recognizer answered with shape [{string.Join(',', answer.Shape)}], and the alphabet has {alphabet.Count} classes: the file given with --alphabet is not this model's.");
        }

        var text = new StringBuilder();
        var confidence = 0f;
        var characters = 0;
        var previous = Blank;
        var space = classes - 1;
        var isSpacePending = false;
        for (var step = 0; step < steps; step++)
        {
            var probabilities = answer.Elements.AsSpan(step * classes, classes);
            var best = IndexOfMax(probabilities);
            if (best == Blank || best == space)
            {
                isSpacePending |= characters > 0 && probabilities[space] >= SpaceThreshold;
            }
            else if (best != previous)
            {
                text.Append(isSpacePending ? " " : "").Append(alphabet[best]);
                confidence += probabilities[best];
                characters++;
                isSpacePending = false;
            }

            previous = best;
        }

        return new RecognizedText(text.ToString(), characters == 0 ? 0 : confidence / characters);
    }

    private static int IndexOfMax(ReadOnlySpan<float> values)
    {
        var best = 0;
        for (var i = 1; i < values.Length; i++)
        {
            best = values[i] > values[best] ? i : best;
        }

        return best;
    }
}
