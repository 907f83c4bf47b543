using Bedplate.Samples.Ocr.Recognition;
using Bedplate.Samples.Ocr.Serving;
using Bedplate.Tests.TestKit.Files;

namespace Bedplate.Tests.Unit.Samples.Ocr;

public sealed class CtcDecoderTests : IDisposable
{
    private readonly TemporaryDirectory _files = new();
    private readonly Alphabet _alphabet;

    public CtcDecoderTests()
    {
        _alphabet = Alphabet.Read(_files.Write("alphabet.txt", "a\nb\n"));
    }

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("__aa_b_", "ab")]
    [InlineData("a_a", "aa")]
    [InlineData("aabb", "ab")]
    [InlineData("a  b", "a b")]
    [InlineData("a_ _b", "a b")]
    [InlineData("  a  ", "a")]
    [InlineData("____", "")]
    [InlineData("a?b", "a b")]
    [InlineData("?a?", "a")]
    public void Repeated_steps_are_one_character_and_a_blank_parts_two(string steps, string text)
    {
        // ? is a blank with a space not unlikely.
        var elements = steps.SelectMany(step => step switch
        {
            '_' => new[] { 0.9f, 0, 0, 0.01f },
            'a' => [0, 0.8f, 0.1f, 0],
            'b' => [0, 0, 0.6f, 0],
            ' ' => [0, 0, 0, 0.9f],
            _ => [0.9f, 0, 0, 0.1f],
        });
        var read = CtcDecoder.Decode(new FloatTensor([1, steps.Length, 4], [.. elements]), _alphabet);
        Assert.Equal(text, read.Text);
        var letters = text.Replace(" ", "", StringComparison.Ordinal);
        Assert.Equal(letters.Length == 0 ? 0 : letters.Average(letter => letter == 'a' ? 0.8f : 0.6f), read.Confidence, 1e-6f);
    }

    [Fact]
    public void An_answer_for_another_alphabet_is_refused()
    {
        var exception = Assert.Throws<InferenceException>(() => CtcDecoder.Decode(new FloatTensor([1, 1, 5], new float[5]), _alphabet));
        Assert.StartsWith("The recognizer answered with shape [1,1,5], and the alphabet has 4 classes", exception.Message, StringComparison.Ordinal);
    }
}
