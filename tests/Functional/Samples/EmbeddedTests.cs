using Bedplate.Tests.TestKit.Files;

namespace Bedplate.Tests.Functional.Samples;

/// <summary>samples/embedded, run as a program.</summary>
public sealed class EmbeddedTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public async Task A_row_of_numbers_is_predicted()
    {
        var result = await SampleProgram.RunAsync("embedded", _directory.Path, SampleProgram.SummaryModel, "1", "2", "3", "4.5");
        Assert.Equal((0, "sum: 10.5\nmean: 2.625\n", ""), (result.ExitCode, result.Output, result.Error));
    }

    [Fact]
    public async Task Without_numbers_it_says_how_it_is_used()
    {
        var result = await SampleProgram.RunAsync("embedded", _directory.Path, SampleProgram.SummaryModel);
        Assert.Equal(
            (2, "", "Name a model with one input of floats, and the numbers of one row: embedded model.onnx 1 2 3 4\n"),
            (result.ExitCode, result.Output, result.Error));
    }

    [Theory]
    [InlineData("'two'", "two")]
    [InlineData("there is no file", "1")]
    public async Task What_is_wrong_is_named(string named, string number)
    {
        var model = number == "1" ? _directory["none.onnx"] : SampleProgram.SummaryModel;
        var result = await SampleProgram.RunAsync("embedded", _directory.Path, model, number);
        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.Contains(named, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();
}
