using Bedplate.Protocols.OpenInference.Repository;

namespace Bedplate.Tests.Unit.OpenInference.Repository;

public class OverrideDirectoryTests
{
    [Fact]
    public void Files_are_read_as_a_models_directory()
    {
        using var overrides = new OverrideDirectory();
        var model = overrides.Read("m", config: null, Files("1/model.onnx"));
        Assert.Equal(["1"], model!.Spec!.Versions.Select(version => $"{version.Number}"));
    }

    [Theory]
    [InlineData("../model.onnx", "the file path '../model.onnx' does not stay within the model's directory")]
    [InlineData("/model.onnx", "the file path '/model.onnx' does not stay within the model's directory")]
    public void A_path_that_leads_elsewhere_is_refused(string path, string message)
    {
        using var overrides = new OverrideDirectory();
        Assert.Equal(message, Assert.Throws<ModelRepositoryException>(() => overrides.Read("m", null, Files(path))).Message);
    }

    [Theory]
    [InlineData(255, 'A', true)]
    [InlineData(256, 'A', false)]
    [InlineData(127, 'ß', true)]
    [InlineData(128, 'ß', false)]
    public void A_name_that_no_file_can_have_is_refused_without_telling_where_files_are(int length, char letter, bool isTaken)
    {
        using var overrides = new OverrideDirectory();
        var fault = Record.Exception(() => overrides.Read("m", null, Files($"1/{new string(letter, length)}")));
        if (isTaken)
        {
            Assert.Null(fault);
            return;
        }

        Assert.IsType<ModelRepositoryException>(fault);
        Assert.StartsWith("the file path '1/", fault.Message, StringComparison.Ordinal);
        Assert.EndsWith("has a part of more than 255 bytes, which no file's name can have", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Path.GetTempPath(), fault.Message, StringComparison.Ordinal);
    }

    private static Dictionary<string, ReadOnlyMemory<byte>> Files(string path) => new() { [path] = new byte[] { 1 } };
}
