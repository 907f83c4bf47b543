using System.Text;
using Bedplate.Tests.Conformance.Protocols;
using Bedplate.Tests.Conformance.Server;

namespace Bedplate.Tests.Conformance.Real;

/// <summary>PP-OCRv4's three models: everything but the channels is dynamic, and what they answer can be told right from wrong.</summary>
public class PaddleOcrTests(ConformanceServer server)
{
    private const int LineHeight = 48;

    [Fact]
    public async Task Recognition_reads_lines_of_any_width()
    {
        await using var model = await server.ServeAsync("rec", NpmModels.Recognition);
        foreach (var (text, scale) in ((string, int)[])[("42", 6), ("31415", 4), ("2718", 5), ("0123456789", 4)])
        {
            var answer = await model.InferAsync(PixelText.ToTensor(Line(text, scale)));
            Assert.Equal([text], Read(answer.Outputs.Single()));
        }
    }

    [Fact]
    public async Task Recognition_reads_a_batch_as_it_reads_its_lines()
    {
        await using var model = await server.ServeAsync("rec_batch", NpmModels.Recognition);
        string[] texts = ["2718", "1999", "3145", "4277"];
        var answer = await model.InferAsync(PixelText.ToTensor([.. texts.Select(text => Line(text, 4))]));
        Assert.Equal(texts, Read(answer.Outputs.Single()));
    }

    [Theory]
    [InlineData(64, 128)]
    [InlineData(96, 320)]
    [InlineData(160, 160)]
    public async Task Detection_finds_the_text_and_nothing_on_a_blank_sheet(int height, int width)
    {
        await using var model = await server.ServeAsync("det", NpmModels.Detection);
        var (top, left, scale) = (16, 24, 4);
        var sheet = new PixelText(height, width).Draw("31", top, left, scale);
        var answer = await model.InferAsync(PixelText.ToTensor(sheet, new PixelText(height, width)));
        var map = answer.Outputs.Single();
        Assert.Equal([2, 1, height, width], map.Shape);
        var values = map.Values<float>();
        Assert.All(values, value => Assert.InRange(value, 0, 1));
        Assert.DoesNotContain(values[(height * width)..], value => value > 0.3f);

        // The middle of the text is found, and nothing away from it.
        var middle = ((top + (7 * scale / 2)) * width) + left + (PixelText.WidthOf("31", scale) / 2);
        Assert.True(values[middle] > 0.3f, $"the middle of the text has {values[middle]}");
        var found = Enumerable.Range(0, height * width).Where(i => values[i] > 0.3f).Select(i => (Y: i / width, X: i % width)).ToList();
        Assert.All(found, pixel => Assert.InRange(pixel.X, left - 8, left + PixelText.WidthOf("31", scale) + 8));
        Assert.All(found, pixel => Assert.InRange(pixel.Y, top - 8, top + (7 * scale) + 8));
    }

    [Fact]
    public async Task Orientation_tells_upright_from_upside_down()
    {
        await using var model = await server.ServeAsync("cls", NpmModels.Orientation);
        var line = Line("2718", 5);
        var answer = await model.InferAsync(PixelText.ToTensor(line, line.Turned()));
        var scores = answer.Outputs.Single();
        Assert.Equal([2, 2], scores.Shape);
        var values = scores.Values<float>();
        Assert.True(values[0] > 0.9f, $"upright is {values[0]} sure to be upright");
        Assert.True(values[3] > 0.9f, $"upside down is {values[3]} sure to be upside down");
    }

    /// <summary>A line of text as the recognition model takes it.</summary>
    internal static PixelText Line(string text, int scale) =>
        new PixelText(LineHeight, PixelText.WidthOf(text, scale) + 12).Draw(text, (LineHeight - (7 * scale)) / 2, 6, scale);

    // Connectionist temporal classification: the likeliest class of each step, repetitions and class 0 left out.
    private static List<string> Read(TensorValue probabilities)
    {
        var (lines, steps, classes) = ((int)probabilities.Shape[0], (int)probabilities.Shape[1], (int)probabilities.Shape[2]);
        var values = probabilities.Values<float>();
        var texts = new List<string>();
        for (var line = 0; line < lines; line++)
        {
            var text = new StringBuilder();
            var previous = 0;
            for (var step = 0; step < steps; step++)
            {
                var scores = values.AsSpan(((line * steps) + step) * classes, classes);
                var best = scores.IndexOf(scores.ToArray().Max());
                if (best != previous && best > 0)
                {
                    text.Append(best <= NpmModels.RecognitionCharacters.Length ? NpmModels.RecognitionCharacters[best - 1] : " ");
                }

                previous = best;
            }

            texts.Add(text.ToString());
        }

        return texts;
    }
}
